"""Pages for people: what they point at is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "client/README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)")
#: `folder/file.py`, `folder/`: a path of ours, without holes for names.
PATH = re.compile(r"`([a-z_]+/[\w./-]*)`")
OURS = {path.name for path in ROOT.iterdir() if path.is_dir()}


def named(page: Path) -> list[Path]:
    text = page.read_text()
    links = [page.parent / link for link in LINK.findall(text)]
    return links + [ROOT / path for path in PATH.findall(text) if path.split("/")[0] in OURS]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_names_is_there(page: Path) -> None:
    assert [str(path) for path in named(page) if not path.exists()] == []


def test_every_decision_stands_in_the_list() -> None:
    folder = ROOT / "docs/decisions"
    listed = (folder / "README.md").read_text()

    assert all(f"({page.name})" in listed for page in folder.glob("0*.md"))


def test_programs_that_read_find_every_page() -> None:
    linked = re.findall(r"^- \[[^\]]+\]\(([^)]+)\): \S", (ROOT / "llms.txt").read_text(), re.M)

    assert {str(page.relative_to(ROOT)) for page in PAGES} - set(linked) == set()


def test_no_word_of_the_glossary_has_two_meanings() -> None:
    rows = re.findall(r"^\| ([^|]+) \| ", (ROOT / "docs/glossary.md").read_text(), re.M)
    words = [
        word.strip(" *") for row in rows for word in row.split(",") if row not in ("Word", "---")
    ]

    assert len(words) > 60
    assert sorted(set(words)) == sorted(words)
