"""No file can hurt who reads it, or make it read something else than is in it."""

import tracemalloc

import pytest

from banks.files import camt053, camt053_writing, pain001
from banks.files.errors import (
    BankFileError,
    EmptyFile,
    MalformedFile,
    TooLarge,
    UnsafeFile,
    WrongMessage,
)
from banks.files.xml_reading import Limits
from tests import bank_files as some

BILLION_LAUGHS = """<?xml version="1.0"?>
<!DOCTYPE lolz [
 <!ENTITY lol "lol">
 <!ENTITY lol1 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">
 <!ENTITY lol2 "&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;">
]>
<Document>&lol2;</Document>"""
EXTERNAL = (
    """<!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/hostname">]><Document>&x;</Document>"""
)
REMOTE_TYPE = '<!DOCTYPE Document SYSTEM "http://127.0.0.1:9/x.dtd"><Document/>'
PARAMETERS = '<!DOCTYPE d [<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]><d/>'


def statement(inside: bytes = b"") -> bytes:
    """A good one, with `inside` right behind its root."""
    written = camt053_writing.write("M-1", some.AT, (some.a_statement(),))
    return written.replace(b"<BkToCstmrStmt>", b"<BkToCstmrStmt>" + inside, 1)


@pytest.mark.parametrize("file", [BILLION_LAUGHS, EXTERNAL, REMOTE_TYPE, PARAMETERS])
def test_a_document_type_is_refused_before_anything_of_it_is_read(file: str) -> None:
    with pytest.raises(UnsafeFile, match="document type"):
        camt053.read(file.encode())


def test_an_undeclared_entity_is_refused() -> None:
    with pytest.raises(MalformedFile, match="undefined entity"):
        camt053.read(statement(b"<X>&unknown;</X>"))


def test_deep_nesting_is_refused_where_it_gets_too_deep() -> None:
    deep = b"<a>" * 100_000 + b"</a>" * 100_000
    with pytest.raises(UnsafeFile, match="deeper than 32"):
        camt053.read(statement(deep))


def test_a_file_that_is_too_large_is_refused_unread() -> None:
    with pytest.raises(TooLarge, match="bytes"):
        camt053.read(b"<" * 1_001, Limits(size=1_000))


def test_too_many_elements_are_refused_before_all_are_in_memory() -> None:
    many = statement(b"<a/>" * 1_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge, match="more than 1000 elements"):
            camt053.read(many, Limits(elements=1_000))
        # expat has a copy of the bytes; a million elements would be more than 150 MB.
        assert tracemalloc.get_traced_memory()[1] < 2 * len(many)
    finally:
        tracemalloc.stop()


def test_a_text_without_end_is_refused() -> None:
    with pytest.raises(TooLarge, match="characters"):
        camt053.read(statement(b"<a>" + b"x" * 20_000 + b"</a>"))


def test_only_utf_8_is_read() -> None:
    written = pain001.write(some.a_batch())
    with pytest.raises(MalformedFile, match="GBK"):
        pain001.read(written.replace(b"UTF-8", b"GBK"))
    with pytest.raises(MalformedFile):
        pain001.read(written.decode().encode("utf-16"))
    with pytest.raises(MalformedFile, match="UTF-8"):
        pain001.read(written.decode().encode("utf-16-le"))
    with pytest.raises(MalformedFile):
        pain001.read(written.replace("李".encode(), "李".encode("gbk")))


@pytest.mark.parametrize("nothing", [b"", b" \n\t"])
def test_an_empty_file_is_an_error(nothing: bytes) -> None:
    with pytest.raises(EmptyFile):
        camt053.read(nothing)


def test_a_truncated_file_is_an_error_wherever_it_ends() -> None:
    written = statement()
    for end in range(1, len(written) - len(b"</Document>\n"), 97):
        with pytest.raises(BankFileError):
            camt053.read(written[:end])


def test_another_message_or_version_is_not_taken_for_this_one() -> None:
    with pytest.raises(WrongMessage, match=r"camt\.053\.001\.08"):
        pain001.read(statement())
    with pytest.raises(WrongMessage, match=r"camt\.053\.001\.02"):
        camt053.read(statement().replace(b"001.08", b"001.02"))
    with pytest.raises(WrongMessage):
        camt053.read(b"<Document><BkToCstmrStmt/></Document>")


def test_an_element_of_a_foreign_namespace_is_nobody_s() -> None:
    """A doubled amount in an envelope of the bank's own changes nothing."""
    good = statement()
    foreign = b'<Ntry xmlns="urn:bank:own"><Amt Ccy="CNY">9.99</Amt></Ntry>'
    assert camt053.read(good.replace(b"<Ntry>", foreign + b"<Ntry>")) == camt053.read(good)


def test_text_between_elements_is_refused() -> None:
    with pytest.raises(MalformedFile, match="text between elements"):
        camt053.read(statement(b"and 1 CNY more"))
