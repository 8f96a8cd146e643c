"""Bars of a plot."""

import pytest

from api.pages.plots import HEIGHT, WIDTH, bars


def test_bars_stand_side_by_side_and_the_largest_fills_the_frame() -> None:
    low, high, none = bars([50, 100, 0])
    assert (high.height, high.y) == (HEIGHT, 0)
    assert (low.height, low.y) == (HEIGHT / 2, HEIGHT / 2)
    assert (none.height, none.y) == (0, HEIGHT)
    assert low.x + low.width < high.x
    assert none.x + none.width <= WIDTH


@pytest.mark.parametrize("amounts", [[], [0, 0], [-5], [-5, 3]])
def test_whatever_the_amounts_nothing_leaves_the_frame(amounts: list[int]) -> None:
    drawn = bars(amounts)
    assert len(drawn) == len(amounts)
    for bar in drawn:
        assert 0 <= bar.y <= HEIGHT
        assert bar.y + bar.height == HEIGHT


def test_the_smallest_amount_can_be_seen() -> None:
    assert bars([1, 10**12])[0].height == 1
