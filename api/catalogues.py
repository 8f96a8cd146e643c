"""`./dev docs` keeps the catalogues in step with the code: new words come in, stale ones go."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from api.languages import CHINESE, Language

ROOT = Path(__file__).resolve().parents[1]
KEYWORDS = {"_": None, "gettext": None, "N_": None, "ngettext": (1, 2)}
#: As api/pages/rendering.py reads the templates.
TEMPLATE = {"trim_blocks": "true", "lstrip_blocks": "true", "trimmed": "true", "silent": "false"}
WIDTH = 100
HEADER = """\
# Danbao in {name} ({tag}). `./dev docs` adds what is new and drops what is stale.
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Language: {locale}\\n"
"Plural-Forms: {plurals};\\n"

"""


def chinese(before: str) -> str:
    """api/messages/zh-CN.po, with the translations that it has."""
    return renewed(before, CHINESE)


def renewed(before: str, language: Language) -> str:
    catalogue = read_po(BytesIO(before.encode()), locale=language.locale)
    catalogue.update(wanted(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    body = BytesIO()
    write_po(body, catalogue, width=WIDTH, omit_header=True, include_lineno=False)
    header = HEADER.format(
        name=language.name,
        tag=language.tag,
        locale=language.locale,
        plurals=catalogue.plural_forms.removesuffix(";"),
    )
    return header + body.getvalue().decode()


def wanted() -> Catalog:
    """Everything that can be said to a person, in English."""
    catalogue = Catalog()
    for file, method in sources():
        with file.open("rb") as code:
            options = TEMPLATE if method == "jinja2" else None
            for line, message, _comments, _context in extract(method, code, KEYWORDS, (), options):
                catalogue.add(message, locations=[(str(file.relative_to(ROOT)), line)])
    return catalogue


def sources() -> Iterator[tuple[Path, str]]:
    """Each file that may have words of ours, and how Babel reads it."""
    for file in sorted((ROOT / "api").rglob("*.py")):
        yield file, "python"
    for file in sorted((ROOT / "api/pages/templates").glob("*.html")):
        yield file, "jinja2"
