"""Plots as a page draws them: bars in a frame of WIDTH × HEIGHT, without scripts or styles."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 600, 120
#: Of a bar's place, what is left free beside it.
GAP = 0.25


@dataclass(frozen=True, slots=True)
class Bar:
    """In the frame's own units, from its upper left corner."""

    x: float
    y: float
    width: float
    height: float


def bars(amounts: Sequence[int]) -> list[Bar]:
    """One for each amount, side by side; the largest is as high as the frame.

    What is above 0 can be seen, however small it is; what is not has no height.
    """
    most = max([*amounts, 1])
    place = WIDTH / max(len(amounts), 1)
    return [_bar(number, amount, most, place) for number, amount in enumerate(amounts)]


def _bar(number: int, amount: int, most: int, place: float) -> Bar:
    height = max(1.0, round(HEIGHT * amount / most, 1)) if amount > 0 else 0.0
    return Bar(round(number * place, 1), HEIGHT - height, round(place * (1 - GAP), 1), height)
