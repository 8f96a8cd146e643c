"""A bank's XML, written as text: every value is checked and escaped where it is written."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from xml.sax.saxutils import escape

from banks.files.amounts import decimal
from banks.files.errors import BadValue
from banks.files.references import MAX_LENGTH, NOT_PROVIDED, shortened
from banks.files.values import MOMENT, Account, Agent, Reason, check_text
from banks.files.xml_reading import NAMESPACE

#: The version of our files of payouts, which other messages name.
PAYOUTS = "pain.001.001.09"


class Writing:
    """One message. Elements stand in the order in which they are written, which is the schema's."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._path: list[str] = []

    @contextmanager
    def element(self, *names: str) -> Iterator[None]:
        """Everything written meanwhile stands in these elements, one in the other."""
        for name in names:
            self._lines.append(f"{' ' * len(self._path)}<{name}>")
            self._path.append(name)
        yield
        for _ in names:
            name = self._path.pop()
            self._lines.append(f"{' ' * len(self._path)}</{name}>")

    def place(self, name: str) -> str:
        return "/".join([*self._path, name])

    def text(self, name: str, text: str, limit: int = MAX_LENGTH) -> None:
        """Raises Missing, BadValue."""
        check_text(text, limit, self.place(name))
        self._leaf(name, text)

    def text_if(self, name: str, text: str, limit: int = MAX_LENGTH) -> None:
        if text:
            self.text(name, text, limit)

    def reference(self, name: str, reference: str) -> None:
        self.text(name, shortened(reference, self.place(name)))

    def amount(self, name: str, amount: int, currency: str) -> None:
        written = decimal(amount, currency, self.place(name))
        self._leaf(name, written, f' Ccy="{currency}"')

    def day(self, name: str, day: date) -> None:
        self._leaf(name, day.isoformat())

    def moment(self, name: str, moment: datetime) -> None:
        written = moment.isoformat()
        # Old zones of Python's have seconds, which no file has.
        if not MOMENT.fullmatch(written):
            raise BadValue(f"{written} can't be written", self.place(name))
        self._leaf(name, written)

    def count(self, name: str, count: int) -> None:
        self._leaf(name, str(count))

    def account(self, name: str, account: Account, currency: str = "") -> None:
        with self.element(name):
            if account.is_iban:
                with self.element("Id"):
                    self.text("IBAN", account.number, 34)
            else:
                with self.element("Id", "Othr"):
                    self.text("Id", account.number, 34)
            self.text_if("Ccy", currency, 3)

    def agent(self, name: str, agent: Agent) -> None:
        """A bank; one of which nothing is known is ISO 20022's NOTPROVIDED."""
        agent.check(self.place(name))
        with self.element(name, "FinInstnId"):
            self.text_if("BICFI", agent.bic)
            if agent.member:
                with self.element("ClrSysMmbId"):
                    self.text("MmbId", agent.member)
            if not agent.bic and not agent.member:
                with self.element("Othr"):
                    self.text("Id", NOT_PROVIDED)

    def original(self, name: str, batch: str) -> None:
        """The file in which a payment was sent: always one of payouts."""
        with self.element(name):
            self.text("OrgnlMsgId", batch)
            self.text("OrgnlMsgNmId", PAYOUTS)

    def reason(self, name: str, reason: Reason) -> None:
        with self.element(name):
            with self.element("Rsn"):
                # ISO's external codes have 1 to 4 characters; a bank's own may be longer.
                if len(reason.code) <= 4:
                    self.text("Cd", reason.code)
                else:
                    self.text("Prtry", reason.code)
            self.text_if("AddtlInf", reason.text, 105)

    def document(self, version: str) -> bytes:
        """Everything written so far as the message `version`."""
        head = '<?xml version="1.0" encoding="UTF-8"?>'
        root = f'<Document xmlns="{NAMESPACE}{version}">'
        return "\n".join([head, root, *self._lines, "</Document>", ""]).encode()

    def _leaf(self, name: str, text: str, attribute: str = "") -> None:
        indent = " " * len(self._path)
        self._lines.append(f"{indent}<{name}{attribute}>{escape(text)}</{name}>")
