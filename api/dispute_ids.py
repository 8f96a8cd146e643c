"""Names of disputes: `dsp_` and the purchase's own number, `_1` or `_2`."""

import re

from domain.guards import MOST_DISPUTES

_ID = re.compile(r"dsp_([0-9a-f]{32})_([1-9])")


def dispute_id(escrow_id: str, number: int) -> str:
    """The `number`-th dispute of this purchase."""
    return f"dsp_{escrow_id.removeprefix('esc_')}_{number}"


def parse(text: str) -> tuple[str, int] | None:
    """(escrow id, number); None for what no dispute can be called."""
    found = _ID.fullmatch(text)
    if found is None or int(found[2]) > MOST_DISPUTES:
        return None
    return f"esc_{found[1]}", int(found[2])
