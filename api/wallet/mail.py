"""The mail that brings a link, and how it leaves: by SMTP, as often as it takes."""

import asyncio
import hashlib
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as ON_THE_WIRE
from email.utils import format_datetime

import aiosmtplib
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from api.languages import ENGLISH, _, named, speaking
from api.wallet import entrances
from api.wallet.entrances import LEASE, OPENS, EntranceLinks, Mail
from runtime.mail import MailServer

#: A server that says nothing for so long says nothing.
PATIENCE = timedelta(seconds=15)
#: … and one that answers so slowly, word by word, too: before somebody else takes the mail.
ALTOGETHER = LEASE * 3 / 4
#: After each try that failed; the last again and again, until nobody waits for the mail any more.
WAITS = tuple(timedelta(seconds=seconds) for seconds in (2, 5, 15, 30, 60))

log = structlog.get_logger()


class NotThere(Exception):
    """The server says for good that this mailbox takes no mail."""


class NotNow(Exception):
    """It may go another time. `why` names nobody."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Post:
    """Takes mails to the server. `trusted` is what its certificate is held against."""

    server: MailServer
    sender: str
    links: EntranceLinks
    trusted: ssl.SSLContext | None = None
    patience: timedelta = ALTOGETHER

    async def send_due(self, engine: AsyncEngine) -> int:
        """Send what is due; how many mails were tried."""
        mails = await entrances.take(engine)
        await asyncio.gather(*(self._bring(engine, mail) for mail in mails))
        return len(mails)

    async def _bring(self, engine: AsyncEngine, mail: Mail) -> None:
        """A process that dies in here sends it once more: the same link, under the same number."""
        try:
            await self.send(letter(mail, self.sender, self.links.url(mail.id)), mail.email)
        except NotThere:
            log.info("a mailbox takes no mail")
            await entrances.returned(engine, mail.id)
        except NotNow as delay:
            log.warning("a mail waits", tries=mail.tries, why=delay.why)
            wait = WAITS[min(mail.tries, len(WAITS)) - 1]
            await entrances.stays(engine, mail.id, wait)
        else:
            await entrances.left(engine, mail.id)

    async def send(self, message: EmailMessage, to: str) -> None:
        """Raises NotThere, NotNow, without what a server says: it may quote the address."""
        try:
            async with asyncio.timeout(self.patience.total_seconds()):
                await self._hand_over(message, to)
        except aiosmtplib.SMTPRecipientsRefused as refused:
            codes = [one.code for one in refused.recipients]
            if all(code >= 500 for code in codes):
                raise NotThere from None
            raise NotNow(f"refused with {codes}") from None
        except aiosmtplib.SMTPResponseException as answer:
            raise NotNow(f"{type(answer).__name__} {answer.code}") from None
        except (aiosmtplib.SMTPException, OSError) as silence:
            raise NotNow(type(silence).__name__) from None

    async def _hand_over(self, message: EmailMessage, to: str) -> None:
        server = self.server
        await aiosmtplib.send(
            message,
            sender=self.sender,
            recipients=[to],
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password or None,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            tls_context=self.trusted,
            local_hostname=self.sender.rpartition("@")[2],
            timeout=PATIENCE.total_seconds(),
        )


def letter(mail: Mail, sender: str, link: str) -> EmailMessage:
    """In the language of whoever asked. Nothing in it was typed by anybody but the address."""
    message = EmailMessage(policy=ON_THE_WIRE)
    message["From"] = Address("Danbao", addr_spec=sender)
    message["To"] = Address(addr_spec=mail.email)
    message["Date"] = format_datetime(datetime.now(UTC))
    number = hashlib.sha256(mail.id.encode()).hexdigest()[:32]
    message["Message-ID"] = f"<{number}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    with speaking(named(mail.language) or ENGLISH):
        message["Subject"] = _("Open your wallet")
        text = "\n\n".join(_paragraphs(link)) + "\n"
    message.set_content(text, cte="quoted-printable")
    message["Content-Language"] = mail.language
    return message


def _paragraphs(link: str) -> tuple[str, ...]:
    minutes = OPENS // timedelta(minutes=1)
    return (
        _("Somebody, most likely you, wants to open the Danbao wallet of this address:"),
        link,
        _(
            "The page asks you to press a button. The link works once, for %(minutes)d minutes, in"
            " any browser; if you asked more than once, only the newest works."
        )
        % {"minutes": minutes},
        _(
            "If it was not you, you need not do anything: without this link nobody gets in. Never"
            " pass it on; nobody at Danbao asks for it."
        ),
    )
