"""What goes wrong with a call at the fake bank: published values, and what a test orders."""

from collections import Counter
from datetime import timedelta

from banks.port import OutcomeUnknown
from banks.sandbox.magic import OF_THE_LINE, Call, Fault, Kind, by_amount

#: Faults after which nothing was done, and those after which everything was. Who gives up on a
#: slow bank hears of neither.
NOTHING_DONE = (Kind.LOST, Kind.ERROR)
ALL_DONE = (Kind.ANSWER_LOST, Kind.SLOW, Kind.SLOW_ANSWER)

Met = dict[Kind, Fault]


class Faults:
    def __init__(self) -> None:
        self._ordered: list[tuple[str, Fault]] = []
        self._met: Counter[tuple[str, Fault]] = Counter()

    def order(self, prefix: str, fault: Fault) -> None:
        """The next call of its kind about a reference that begins so meets `fault`, once."""
        self._ordered.append((prefix, fault))

    def before(self, call: Call, reference: str, amount: int, own: tuple[Fault, ...] = ()) -> Met:
        """What this call meets. Raises OutcomeUnknown when nothing gets done."""
        met = self.met(call, reference, amount, own)
        if any(kind in met for kind in NOTHING_DONE):
            raise OutcomeUnknown("nothing was done")
        return met

    def met(self, call: Call, reference: str, amount: int, own: tuple[Fault, ...] = ()) -> Met:
        """`own` are the payer's. A broken line heals; what else is published always strikes."""
        struck = {}
        for fault in (*by_amount(call, amount), *own):
            self._met[reference, fault] += 1
            heals = fault.kind in OF_THE_LINE and self._met[reference, fault] > 1
            if fault.call is call and not heals:
                struck[fault.kind] = fault
        for prefix, fault in list(self._ordered):
            if fault.call is call and reference.startswith(prefix):
                self._ordered.remove((prefix, fault))
                struck[fault.kind] = fault
        return struck


def after(met: Met) -> None:
    """Raises OutcomeUnknown when all was done and nobody hears of it."""
    if any(kind in met for kind in ALL_DONE):
        raise OutcomeUnknown("it was done, and nobody heard the answer")


def seconds(met: Met, kind: Kind) -> timedelta:
    return timedelta(seconds=met[kind].seconds if kind in met else 0)
