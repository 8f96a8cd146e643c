"""Everything that can be wrong with a bank's file, as a type.

BankFileError
├── UnsafeFile              built to hurt its reader, or simply too much
│   └── TooLarge            more bytes, elements, lines or members than are read
├── MalformedFile           not the format that it should be
├── WrongMessage            well-formed, and another message or another version of it
├── Missing                 something that must be there is not
├── Repeated                something stands twice that may stand once
│   └── DuplicateSequence   two statements of one account with the same number
├── BadValue                a text, date or code that means nothing here
│   ├── UnknownCurrency     no ISO 4217 currency with minor units
│   ├── WrongAmount         no number, a wrong sign, or decimals that the currency has not
│   └── CurrencyMismatch    another currency than that of the account or batch
├── CountMismatch           counted differently than the file itself says
├── SumMismatch             added up differently than the file itself says
│   └── Unbalanced          opening balance and entries do not make the closing balance
├── IncompleteFile          a page of several, or a statement that is not final
└── EmptyFile               nothing in it: never the same as nothing happened
"""


class BankFileError(Exception):
    """`place` is an element's path and line in XML, a member and line in CSV."""

    def __init__(self, why: str, place: str) -> None:
        super().__init__(f"{place}: {why}")
        self.why = why
        self.place = place


class UnsafeFile(BankFileError):
    pass


class TooLarge(UnsafeFile):
    pass


class MalformedFile(BankFileError):
    pass


class WrongMessage(BankFileError):
    pass


class Missing(BankFileError):
    pass


class Repeated(BankFileError):
    pass


class DuplicateSequence(Repeated):
    pass


class BadValue(BankFileError):
    pass


class UnknownCurrency(BadValue):
    pass


class WrongAmount(BadValue):
    pass


class CurrencyMismatch(BadValue):
    pass


class CountMismatch(BankFileError):
    pass


class SumMismatch(BankFileError):
    pass


class Unbalanced(SumMismatch):
    pass


class IncompleteFile(BankFileError):
    pass


class EmptyFile(BankFileError):
    pass
