"""How a scripted bank takes files of payouts."""

from banks.port import (
    Accepted,
    BankRefusedOurRequest,
    Batch,
    BatchRemitter,
    OutcomeUnknown,
    Pending,
    Remitted,
    Truth,
    Unheard,
)
from tests.workflows.parts import ScriptedBank


class ScriptedFiles:
    """Its calls are `file` and `find_file` of the bank's, by the file's id."""

    def __init__(self, bank: "FilingBank") -> None:
        self._bank = bank
        self.known: dict[str, Batch] = {}
        self.refuses = False
        #: How many more files are carried out without an answer, and are not even heard.
        self.lost_answers = self.lost = 0

    async def remit_batch(self, batch: Batch) -> dict[str, Remitted]:
        self._bank.calls.append(("file", batch.id))
        if self.refuses:
            raise BankRefusedOurRequest("no files today")
        if self.lost:
            self.lost -= 1
            raise OutcomeUnknown("it never came")
        assert self.known.setdefault(batch.id, batch) == batch, "another file of this id"
        for one in batch.orders:
            answer = self._bank.refusals.get(one.reference, Accepted())
            self._bank.truths.setdefault(one.reference, answer)
        if self.lost_answers:
            self.lost_answers -= 1
            raise OutcomeUnknown("done, and the answer got lost")
        return self._said(batch)

    async def find_batch(self, batch: Batch) -> dict[str, Remitted] | Unheard:
        self._bank.calls.append(("find_file", batch.id))
        return self._said(batch) if batch.id in self.known else Unheard()

    def _said(self, batch: Batch) -> dict[str, Remitted]:
        return {one.reference: _as(self._bank.truths[one.reference]) for one in batch.orders}


class FilingBank(ScriptedBank):
    def __init__(self) -> None:
        super().__init__()
        self.files = ScriptedFiles(self)

    @property
    def batches(self) -> BatchRemitter | None:  # type: ignore[override]
        return self.files


def _as(truth: Truth) -> Remitted:
    return truth if isinstance(truth, Remitted) else Pending()
