"""Everything that this client raises is a DanbaoError.

DanbaoError
├── Problem            the API's answer was no: one class for each code (problems.py)
├── NoAnswer           no answer after every retry; a command may have been carried out
├── UnreadableAnswer   2xx, but not what this version of the client understands
├── StillWaiting       a purchase did not get there in time
└── NotVerified        a webhook that Danbao did not sign, or long ago
"""


class DanbaoError(Exception):
    """Whatever the client raises."""


class NoAnswer(DanbaoError):
    """Every try broke or timed out, so whether a command was carried out is unknown.

    Repeat it with `idempotency_key`: then it is done once, whatever happened before.
    """

    def __init__(self, words: str, idempotency_key: str = "") -> None:
        super().__init__(words)
        self.idempotency_key = idempotency_key


class UnreadableAnswer(DanbaoError):
    """Something that is not Danbao answered, or a Danbao that is much newer or older.

    Whether a command was carried out is unknown: repeat it with `idempotency_key`.
    """

    def __init__(self, words: str, idempotency_key: str = "") -> None:
        super().__init__(words)
        self.idempotency_key = idempotency_key


class StillWaiting(DanbaoError):
    """A purchase has not reached a status in the time that was given."""


class NotVerified(DanbaoError):
    """Answer 401 and believe nothing of it."""
