"""The chain of a purchase's evidence: each entry's hash is over its own facts and the one before.

Words and names of files are not in it, only the digest of what was said or shown: so they can be
erased, and the chain still proves what there was, in which order, by whom and when.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

from api.evidence.tables import Evidence

#: What the first entry follows.
NOTHING = "0" * 64


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry that can't be what it says, and why."""

    evidence_id: str
    no: int
    why: str


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def hash_of(entry: Evidence) -> str:
    """SHA-256 of its facts, one a line, as `evidence_chained` in the database makes it."""
    at = entry.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    facts = (
        entry.prev, entry.id, entry.escrow_id, entry.no, entry.dispute, entry.by, entry.kind,
        entry.media_type, entry.size, entry.digest, at,
    )  # fmt: skip
    return digest_of("\n".join(map(str, facts)).encode())


def first_broken(entries: Sequence[Evidence]) -> Broken | None:
    """`entries`: all of one purchase, oldest first. Erased words are not missed."""
    last = NOTHING
    for number, entry in enumerate(entries, start=1):
        if why := _flaw(entry, number, last):
            return Broken(entry.id, entry.no, why)
        last = entry.hash
    return None


def _flaw(entry: Evidence, number: int, last: str) -> str:
    if entry.no != number:
        return f"number {number} is missing"
    if entry.prev != last:
        return "it does not follow the one before"
    if entry.hash != hash_of(entry):
        return "its hash is not of what it says"
    if entry.text is not None and digest_of(entry.text.encode()) != entry.digest:
        return "its words are not those that were said"
    return ""
