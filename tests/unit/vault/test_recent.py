from datetime import timedelta

from vault.recent import Recent


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_was_put_is_there_until_its_time_is_over() -> None:
    clock = Clock()
    recent: Recent[str] = Recent(10, timedelta(seconds=60), clock)
    recent.put("a", "thing")
    clock.now = 59.9
    assert recent.get("a") == "thing"
    clock.now = 60
    assert recent.get("a") is None
    assert len(recent) == 0


def test_using_it_does_not_make_it_younger() -> None:
    clock = Clock()
    recent: Recent[str] = Recent(10, timedelta(seconds=60), clock)
    recent.put("a", "thing")
    for clock.now in range(60):
        assert recent.get("a") == "thing"
    clock.now = 61
    assert recent.get("a") is None


def test_beyond_its_size_it_forgets_what_was_unused_for_longest() -> None:
    recent: Recent[int] = Recent(2, timedelta(seconds=60))
    recent.put("a", 1)
    recent.put("b", 2)
    assert recent.get("a") == 1
    recent.put("c", 3)
    assert (recent.get("a"), recent.get("b"), recent.get("c")) == (1, None, 3)


def test_what_was_never_put_is_not_there() -> None:
    assert Recent[int](2, timedelta(seconds=60)).get("a") is None
