"""Our references in the 35 characters that a bank's file has for them.

`pay_` and 32 hexadecimal digits and `:remit:1` are 44 characters, and `_` is not in the character
set of the payment networks. A file says `PAY-` and the same number in 26 characters of base 32 and
`-R1`, all upper case, because some banks change the case. There and back nothing is lost.
"""

import re

from banks.files.errors import BadValue

MAX_LENGTH = 35
#: What ISO 20022 has a file say where there is no reference.
NOT_PROVIDED = "NOTPROVIDED"

_OPERATIONS = {
    "payment": "P",
    "deduct": "D",
    "unfreeze": "U",
    "refund": "F",
    "late_refund": "L",
    "after_sale": "A",
    "remit": "R",
}
_BY_LETTER = {letter: operation for operation, letter in _OPERATIONS.items()}
#: Crockford's: no I, L, O, U, which people mistake.
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}

_OURS = re.compile(r"(esc|pay)_([0-9a-f]{32}):([a-z_]+):([1-9][0-9]{0,2})")
#: 26 × 5 bits hold 128 and two more: the first digit is 0 to 7.
_SHORT = re.compile(rf"(ESC|PAY)-([0-7][{_DIGITS}]{{25}})-([PDUFLAR])([1-9][0-9]{{0,2}})")


def shortened(reference: str, place: str) -> str:
    """What the file says for our `reference`: other texts of 1 to 35 characters stay as they are.

    Raises BadValue for one that is too long and not ours.
    """
    found = _OURS.fullmatch(reference)
    if found and found[3] in _OPERATIONS:
        number = _base32(int(found[2], 16))
        return f"{found[1].upper()}-{number}-{_OPERATIONS[found[3]]}{found[4]}"
    if reference == NOT_PROVIDED or _SHORT.fullmatch(reference):
        raise BadValue(f"{reference!r} would be read as something else", place)
    if len(reference) > MAX_LENGTH:
        raise BadValue(f"{reference!r} has no short form and more than 35 characters", place)
    return reference


def restored(text: str) -> str:
    """Our reference out of a file; what is no short form of one of ours stays as it is."""
    found = _SHORT.fullmatch(text)
    if not found:
        return text
    number = 0
    for digit in found[2]:
        number = number * 32 + _VALUES[digit]
    return f"{found[1].lower()}_{number:032x}:{_BY_LETTER[found[3]]}:{found[4]}"


def _base32(number: int) -> str:
    return "".join(_DIGITS[number >> shift & 31] for shift in range(125, -1, -5))
