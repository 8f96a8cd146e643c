"""A dispute as both sides' pages tell it, and what they send about it."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import Request

from api.doors import Doors
from api.errors import FileTooLarge, FileTypeRefused, InvalidRequest
from api.evidence import book
from api.evidence.contents import Content, checked, named, words
from api.evidence.parts import Parts, parts
from api.evidence.tables import Evidence
from api.languages import _
from api.outlook import whole
from api.pages.reasons import REASONS
from api.pages.visitors import from_our_page
from api.purchases import Complaint, Purchase
from domain.escrow import Escrow
from domain.events import AnswerLapsed, ArbitrationLapsed
from domain.outlook import if_nobody_acts
from domain.states import Dispute, Party

#: So many files fit into one form.
AT_ONCE = 3
#: A browser that sends more hears so, and what was typed is not lost.
MOST_READ = 20
#: What comes along when somebody pastes from a word processor: its own line breaks, and characters
#: that nobody sees, nobody finds, and a statement can't have.
_BREAK = re.compile(r"\r\n?|[\x0b\x0c\x85]")
_UNSEEN = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")


class Unfit(Exception):
    """What was sent can't be taken; the text is for whoever sent it, in their language."""


@dataclass(frozen=True, slots=True)
class Quarrel:
    """The dispute that is under way.

    `otherwise` is what the clock does at `until` if nobody acts: "refund" or "arbitration".
    """

    complaint: Complaint
    reason: str
    in_arbitration: bool
    until: datetime
    otherwise: str


async def under_way(doors: Doors, purchase: Purchase) -> Quarrel | None:
    """None while nothing is disputed."""
    state, complaint = purchase.escrow, purchase.complaint
    if complaint is None or state.dispute_deadline is None:
        return None
    return Quarrel(
        complaint=complaint,
        reason=REASONS[complaint.reason],
        in_arbitration=state.dispute is Dispute.ARBITRATION,
        until=state.dispute_deadline,
        otherwise=_otherwise(await whole(doors, purchase)),
    )


def _otherwise(escrow: Escrow) -> str:
    for moved in if_nobody_acts(escrow, datetime.now(UTC)):
        if isinstance(moved.event, AnswerLapsed | ArbitrationLapsed):
            contested = moved.escrow.dispute is Dispute.ARBITRATION
            return "arbitration" if contested else "refund"
    return "refund"


async def sent(request: Request) -> Parts:
    """A form of ours with files. Raises StaleForm, NotAForm, InvalidRequest."""
    from_our_page(request)
    return await parts(request, most_files=MOST_READ)


def contents(sent: Parts, *, needs_words: bool = False) -> list[Content]:
    """The statement and the files of a form. Raises Unfit."""
    text = _UNSEEN.sub("", _BREAK.sub("\n", sent.fields.get("statement", ""))).strip()
    if needs_words and not text:
        raise Unfit(_("Please say what happened."))
    if not text and not sent.files:
        raise Unfit(_("Please write something or choose a file."))
    if len(sent.files) > AT_ONCE:
        raise Unfit(_("Please send at most three files at once; you can add more afterwards."))
    try:
        said: list[Content] = [words(text)] if text else []
    except InvalidRequest as too_long:
        raise Unfit(_("Please say it in at most 4,000 characters.")) from too_long
    try:
        return said + [checked(upload) for upload in sent.files]
    except FileTooLarge as large:
        raise Unfit(_("A file is too large: each may have 5 MB.")) from large
    except FileTypeRefused as other:
        raise Unfit(
            _("A file was not taken: send PNG, JPEG or WebP pictures or PDF, as they are.")
        ) from other


async def hand_in(
    doors: Doors, escrow_id: str, by: Party, said: Sequence[Content], command_id: str
) -> None:
    """Add all of it to the dispute, once, however often the form is sent.

    Raises NoDisputeOpen, TooMuchEvidence, Unavailable.
    """
    these: Mapping[str, Content] = {_id(command_id, content): content for content in said}
    async with doors.engine.begin() as connection:
        await book.add(connection, doors.evidence, escrow_id, by, these)


def _id(command_id: str, content: Content) -> str:
    """The same file twice in a form is one piece of evidence."""
    facts = "\n".join((command_id, *named(content)))
    return f"evd_{hashlib.sha256(facts.encode()).hexdigest()[:32]}"


async def heard(doors: Doors, purchase: Purchase) -> list[Evidence]:
    """What both sides have said and shown, oldest first."""
    return await book.entries(doors.engine, purchase.id)
