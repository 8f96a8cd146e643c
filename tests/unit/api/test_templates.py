"""Whatever a template says to people can be translated: no words stand in it as they are."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import nodes

from api.pages.rendering import HERE, templates

#: For programmers, in English.
IN_ENGLISH = {"docs.html", "errors.html"}
#: Names, units and codes, the same in every language.
NAMES = {"Danbao", "MB", "kB", "ek"}
WORD = re.compile(r"[^\W\d_]{2,}")
SPOKEN = ("alt", "aria-label", "data-label", "placeholder", "title")
PAGES = sorted(file.name for file in (HERE / "templates").glob("*.html"))


class Reader(HTMLParser):
    """Collects what people would read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []
        self._in_code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.read += [value or "" for name, value in attrs if name in SPOKEN]
        self._in_code += tag == "code"

    def handle_endtag(self, tag: str) -> None:
        self._in_code -= tag == "code"

    def handle_data(self, data: str) -> None:
        if not self._in_code:
            self.read.append(data)


def words_as_they_are(source: str) -> list[str]:
    """Of a template: in its text and spoken attributes, and in what its expressions print."""
    tree = templates().parse(source)
    reader = Reader()
    reader.feed("".join(_printed(tree)))
    found = [word for text in reader.read for word in WORD.findall(text)]
    return [word for word in found if word not in NAMES and not _chinese(word)]


def _printed(tree: nodes.Template) -> Iterator[str]:
    """What stands there, and constants that may be printed; an expression is only a gap."""
    for block in tree.find_all(nodes.Block):
        if block.name == "page":  # The attributes of base.html's body.
            block.body = []
    for output in tree.find_all(nodes.Output):
        for node in output.nodes:
            if isinstance(node, nodes.TemplateData):
                yield node.data
            elif isinstance(node, nodes.CondExpr | nodes.Or):
                yield from (
                    f" {part.value} "
                    for part in node.iter_child_nodes()
                    if isinstance(part, nodes.Const)
                )


def _chinese(word: str) -> bool:
    return all("\u4e00" <= letter <= "\u9fff" for letter in word)


@pytest.mark.parametrize("name", [name for name in PAGES if name not in IN_ENGLISH])
def test_no_word_of_a_page_stands_outside_of_the_catalogue(name: str) -> None:
    assert words_as_they_are(Path(HERE / "templates" / name).read_text()) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>Hello</p>", ["Hello"]),
        ("<p>{{ _('Hello') }}, {% trans %}you{% endtrans %}</p>", []),
        ('<nav aria-label="Console"></nav>', ["Console"]),
        ('<nav aria-label="{{ _("Console") }}" class="wide"></nav>', []),
        ("{{ 'yes' if x else 'no' }}", ["yes", "no"]),
        ("{{ x or 'nobody' }}", ["nobody"]),
        ("<code>ek_test</code> Danbao 担保", []),
    ],
)
def test_a_word_as_it_is_is_found(source: str, found: list[str]) -> None:
    assert words_as_they_are(source) == found
