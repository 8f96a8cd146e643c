"""llms.txt: every page of the documentation on one, for programs that read (llmstxt.org)."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: Heading → where its pages are, in order; the last may be left out by a reader in a hurry.
SECTIONS = {
    "Start": ("README.md", "docs/quickstart.md", "CHANGELOG.md"),
    "Guides": ("docs/guides/*.md", "client/README.md"),
    "Reference": ("docs/reference/*.md", "docs/reference/openapi.json", "docs/glossary.md"),
    "Concepts": ("docs/concepts/*.md",),
    "Operating": ("docs/operating/*.md",),
    "Optional": ("docs/decisions/*.md",),
}
OPENAPI = "- [openapi.json](docs/reference/openapi.json): the API, OpenAPI 3.1 with examples."
HEADING = re.compile(r"^#.*$", re.MULTILINE)
LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")


def llms_txt(_before: str = "") -> str:
    """The whole file: title, summary, then a line for each page with its first sentence."""
    title, summary = heading(ROOT / "README.md"), first_sentence(ROOT / "README.md")
    parts = [f"# {title}\n\n> {summary}\n"]
    for name, patterns in SECTIONS.items():
        found = [page for pattern in patterns for page in sorted(ROOT.glob(pattern))]
        parts.append(f"## {name}\n\n" + "\n".join([line(page) for page in found]) + "\n")
    return "\n".join(parts)


def line(page: Path) -> str:
    if page.suffix != ".md":
        return OPENAPI
    return f"- [{heading(page)}]({page.relative_to(ROOT)}): {first_sentence(page)}"


def heading(page: Path) -> str:
    return page.read_text().removeprefix("# ").split("\n", 1)[0].strip()


def first_sentence(page: Path) -> str:
    """Of the first paragraph that is prose, its heading and links left out."""
    paragraphs = [HEADING.sub("", part).strip() for part in page.read_text().split("\n\n")]
    prose = next(part for part in paragraphs if re.match(r"[A-Za-z`*]", part))
    whole = LINK.sub(r"\1", " ".join(prose.split()))
    sentence = re.split(r"(?<=[.:?]) (?=[A-Z`])", whole)[0].rstrip(":.")
    return sentence if sentence.endswith("?") else f"{sentence}."
