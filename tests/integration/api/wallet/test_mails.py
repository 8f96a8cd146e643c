"""The mail with the link leaves once, however often it takes, and never without encryption."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api.languages import spoken
from api.wallet import entrances, mail
from api.wallet.entrances import EntranceLinks, Mail
from api.wallet.mail import NotNow, NotThere, Post, letter
from runtime.database import engine as pool
from runtime.database import migrate
from runtime.embedded.places import free_ports
from runtime.embedded.postgres import PostgresServer
from runtime.mail import MailServer
from runtime.mailbox import Mail as Received
from runtime.mailbox import Mailbox

SENDER = "wallet@danbao.example"
LINKS = EntranceLinks("s" * 64, "https://pay.example")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(postgres: PostgresServer) -> AsyncIterator[AsyncEngine]:
    """A database where no API sends mails."""
    await migrate(await postgres.create_database("mails", "danbao_owner", guests=["danbao_app"]))
    engine = pool(postgres.url("mails", "danbao_app"), pool_size=5)
    yield engine
    await engine.dispose()


class Moody:
    """A mail server that says `mood` to whoever hands in a mail."""

    def __init__(self, mood: str = "") -> None:
        self.mood = mood
        self._box = Mailbox()

    @property
    def mails(self) -> list[Received]:
        return list(self._box.mails)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return await self._box.handle_DATA(server, session, envelope)

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, to: str, _options: list[str]
    ) -> str:
        if not self.mood:
            envelope.rcpt_tos.append(to)
        return self.mood or "250 ok"


@asynccontextmanager
async def served(make: Callable[[], SMTP], port: int = 0) -> AsyncIterator[int]:
    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", port)
    async with server:
        yield server.sockets[0].getsockname()[1]


def post(port: int, security: str = "none") -> Post:
    return Post(MailServer("127.0.0.1", port, security), SENDER, LINKS)  # type: ignore[arg-type]


async def asked(desk: AsyncEngine, language: str = "en") -> str:
    email = f"{uuid4().hex[:12]}@buyer.example"
    await entrances.ask(desk, email, language)
    return email


async def soon(desk: AsyncEngine) -> None:
    async with desk.begin() as connection:
        due = "UPDATE wallet_entrance SET next_try_at = now() WHERE next_try_at IS NOT NULL"
        await connection.execute(text(due))


def a_mail(email: str = "mei@buyer.example", language: str = "en") -> Mail:
    return Mail("a" * 32, email, language, 1)


async def test_a_mail_waits_for_a_server_that_is_away_and_leaves_once(desk: AsyncEngine) -> None:
    box, (port,) = Moody(), free_ports(0)
    email = await asked(desk)
    assert await post(port).send_due(desk) == 1
    assert await post(port).send_due(desk) == 0
    box.mood = "451 not now"
    async with served(lambda: SMTP(box), port):
        await soon(desk)
        await post(port).send_due(desk)
        assert not box.mails
        box.mood = ""
        await soon(desk)
        await asyncio.gather(*(post(port).send_due(desk) for _ in range(4)))
        await soon(desk)
        assert await post(port).send_due(desk) == 0
    assert [one.to for one in box.mails] == [[email]]


async def test_a_mailbox_that_is_not_there_is_not_tried_again(desk: AsyncEngine) -> None:
    box = Moody("550 nobody of this name")
    await asked(desk)
    async with served(lambda: SMTP(box)) as port:
        assert await post(port).send_due(desk) == 1
        await soon(desk)
        assert await post(port).send_due(desk) == 0


async def test_a_process_that_dies_with_a_mail_in_its_hands_loses_nothing(
    desk: AsyncEngine,
) -> None:
    box = Moody()
    email = await asked(desk)
    (taken,) = await entrances.take(desk)
    assert await entrances.take(desk) == []
    await soon(desk)
    async with served(lambda: SMTP(box)) as port:
        await post(port).send_due(desk)
    assert [one.to for one in box.mails] == [[email]]
    assert LINKS.url(taken.id) in box.mails[0].text


async def test_a_mail_that_nobody_waits_for_any_more_is_not_sent_and_is_forgotten(
    desk: AsyncEngine,
) -> None:
    email = await asked(desk)
    async with desk.begin() as connection:
        await connection.execute(text("UPDATE wallet_entrance SET ends_at = now()"))
    assert await entrances.take(desk) == []
    await entrances.forget(desk)
    async with desk.connect() as connection:
        left = text("SELECT count(*) FROM wallet_entrance WHERE email = :email")
        assert await connection.scalar(left, {"email": email}) == 0


async def test_a_server_that_never_comes_to_an_end_is_left_before_another_takes_the_mail() -> None:
    async def greets(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while True:
                writer.write(b"220-and another thing\r\n")
                await writer.drain()
                await asyncio.sleep(0.02)

    server = await asyncio.start_server(greets, "127.0.0.1", 0)
    async with server:
        slow = post(server.sockets[0].getsockname()[1])
        assert slow.patience < entrances.LEASE
        with pytest.raises(NotNow):
            await replace(slow, patience=timedelta(milliseconds=200)).send(
                letter(a_mail(), SENDER, "x"), "mei@buyer.example"
            )


@pytest.mark.parametrize(("answer", "raised"), [("550 no", NotThere), ("450 later", NotNow)])
async def test_what_a_server_says_names_nobody(answer: str, raised: type[Exception]) -> None:
    box = Moody(f"{answer}: mei@buyer.example")
    async with served(lambda: SMTP(box)) as port:
        with pytest.raises(raised) as refused:
            await post(port).send(letter(a_mail(), SENDER, "https://x"), "mei@buyer.example")
    assert "mei" not in repr(refused.value)


@pytest.mark.parametrize(("language", "subject"), [("en", "Open your wallet"), ("zh-CN", "打开")])
def test_a_letter_speaks_the_language_of_who_asked(language: str, subject: str) -> None:
    link = LINKS.url("b" * 32)
    message = letter(a_mail(language=language), SENDER, link)
    assert isinstance(message, EmailMessage)
    assert message["Subject"].startswith(subject)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == language
    assert link in message.get_content()
    assert "b" * 32 not in message["Message-ID"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """Of `localhost`, made for this test; and what trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file, ssl.create_default_context(cafile=str(file))


async def test_a_server_is_signed_in_to_and_only_by_a_line_that_nobody_reads(
    certificate: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that broke while it was made secure says nothing: it is given up, and quickly here."""
    monkeypatch.setattr(mail, "PATIENCE", timedelta(seconds=3))
    file, trusted = certificate
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)

    def known(
        _server: SMTP, _session: Session, _envelope: Envelope, _how: str, said: object
    ) -> AuthResult:
        right = LoginPassword(b"danbao", b"p@ss/word")
        return AuthResult(success=said == right)

    box, plain = Mailbox(), Mailbox()
    message = letter(a_mail(), SENDER, "https://x")
    server = MailServer.parse("smtp+starttls://danbao:p%40ss%2Fword@localhost:1")
    async with served(
        lambda: SMTP(box, tls_context=context, authenticator=known, auth_required=True)
    ) as port:
        right = Post(replace(server, port=port), SENDER, LINKS, trusted)
        await right.send(message, "mei@buyer.example")
        for wrong in (
            replace(right, server=replace(right.server, password="guess")),
            replace(right, trusted=None),
        ):
            with pytest.raises(NotNow):
                await wrong.send(message, "mei@buyer.example")
    async with served(lambda: SMTP(plain)) as port:
        without = replace(right, server=replace(right.server, port=port, user="", password=""))
        with pytest.raises(NotNow):
            await without.send(message, "mei@buyer.example")
    assert len(box.mails) == 1
    assert not plain.mails


def test_a_letter_leaves_nobody_elses_language_behind() -> None:
    before = spoken()
    letter(a_mail(language="zh-CN"), SENDER, "https://x")
    assert spoken() is before
