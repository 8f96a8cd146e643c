"""Every block of code on a page is run by a test, or stands here with the reason why not."""

import re

import pytest

from runtime.cli import app
from tests.unit.test_pages import PAGES, ROOT

FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.M | re.S)
LINK = re.compile(r"\]\(([^)#\s:]*)#([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.M)
DEV = re.compile(r"\./dev ([a-z]+)")

#: Page → the tests that run what it shows, or hold it against what we really do and say.
HELD_BY = {
    "README.md": "tests/integration/test_printed.py",
    "client/README.md": "tests/integration/api/client/test_client_guide.py",
    "docs/quickstart.md": "tests/integration/test_printed.py",
    "docs/concepts/escrow.md": "tests/unit/runtime/test_docs.py",
    "docs/concepts/ledger.md": "tests/integration/ledger/test_ledger_docs.py",
    "docs/concepts/personal-data.md": "tests/integration/test_printed.py",
    "docs/guides/client.md": "tests/integration/api/client/test_client_guide.py",
    "docs/guides/commands.md": "tests/unit/runtime/test_cli.py",
    "docs/guides/disputes.md": "tests/integration/api/client/test_disputes_guide.py",
    "docs/guides/idempotency.md": "tests/integration/test_printed.py",
    "docs/guides/refunds.md": "tests/integration/test_printed.py",
    "docs/guides/shop.md": "tests/browser/test_shop_guide.py",
    "docs/guides/testing.md": "tests/integration/test_printed.py",
    "docs/guides/wallet.md": "tests/unit/runtime/test_mail.py",
    "docs/guides/webhooks.md": "tests/integration/webhooks/test_webhooks_guide.py",
    "docs/operating/compose.md": "tests/unit/deploy/test_compose.py",
    "docs/operating/disputes.md": "tests/integration/api/operators/test_dispute_commands.py",
    "docs/operating/review.md": "tests/integration/test_printed.py",
}
#: How each block begins that nothing runs, and why.
SHOWN = {
    "./dev demo": "`.ci/run` types it with --once, which ends without Ctrl-C",
    "merchant's program": "a picture",
    "Problem": "a picture of classes, which tests/unit/client compares with the errors' page",
    "Bank-Event-Id: bev_…": "the shape of a message; tests/integration/banks sends real ones",
    "14:02:11": "a line that tests/browser reads for real",
    "pip install ./client": "tests/unit/client/test_surface.py installs it",
}


def blocks(name: str) -> list[str]:
    """How each of a page's blocks begins."""
    found = FENCE.findall((ROOT / name).read_text())
    return [re.split(r"\n|  ", block.strip())[0] for _, block in found]


NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


@pytest.mark.parametrize("name", NAMES)
def test_what_a_page_shows_is_held_by_a_test(name: str) -> None:
    if set(blocks(name)) - set(SHOWN):
        assert (ROOT / HELD_BY[name]).exists()


@pytest.mark.parametrize(("page", "test"), HELD_BY.items())
def test_that_test_reads_the_page(page: str, test: str) -> None:
    generated = (ROOT / "runtime/docs.py").read_text()
    assert page in (ROOT / test).read_text() or page in generated


def test_no_reason_is_given_for_what_is_gone() -> None:
    assert set(SHOWN) <= {block for name in NAMES for block in blocks(name)}


@pytest.mark.parametrize("name", NAMES)
def test_every_command_it_names_exists(name: str) -> None:
    commands = {
        command.callback.__name__ for command in app.registered_commands if command.callback
    }
    groups = {group.name for group in app.registered_groups}
    assert set(DEV.findall((ROOT / name).read_text())) <= commands | groups


@pytest.mark.parametrize("name", NAMES)
def test_every_anchor_it_points_at_is_there(name: str) -> None:
    here = ROOT / name
    pointed = LINK.findall(here.read_text())
    pages = [(here.parent / page if page else here, anchor) for page, anchor in pointed]
    assert [anchor for page, anchor in pages if anchor not in anchors(page.read_text())] == []


def anchors(text: str) -> set[str]:
    """As GitHub makes them of headings."""
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(text))
    return {heading.strip().replace(" ", "-") for heading in plain}
