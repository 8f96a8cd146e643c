"""What we write is valid by ISO 20022's own schemas. Recalls are in test_recalls.py."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from banks.files import camt053, camt053_writing, pain001, pain002
from banks.files.pain001 import PayoutBatch
from banks.files.statements import Statement
from tests import any_bank_file
from tests import bank_files as some
from tests.bank_schemas import SCHEMAS, check, schema

few = settings(max_examples=20, deadline=None)


def newest(data: bytes) -> bytes:
    return data.replace(b"camt.053.001.08", b"camt.053.001.13")


@few
@given(any_bank_file.batches())
def test_a_batch_of_payouts(batch: PayoutBatch) -> None:
    check(pain001.write(batch), pain001.VERSION)


@few
@given(any_bank_file.batches(), st.data())
def test_what_a_bank_says_of_a_batch(batch: PayoutBatch, data: st.DataObject) -> None:
    check(pain002.write(data.draw(any_bank_file.reports(batch))), pain002.VERSION)


@few
@given(any_bank_file.statements())
def test_a_statement(statement: Statement) -> None:
    check(newest(camt053_writing.write("M-1", some.AT, (statement,))), "camt.053.001.13")


def test_version_13_of_a_statement_is_read_as_version_8() -> None:
    statement = some.a_statement(some.an_entry(10_000), some.an_entry(-2_500))
    written = camt053_writing.write("M-1", some.AT, (statement,))
    assert camt053.read(newest(written)) == camt053.read(written) == (statement,)


@pytest.mark.parametrize("version", SCHEMAS)
def test_the_schemas_refuse_what_is_wrong(version: str) -> None:
    """Else the tests above would prove nothing."""
    empty = f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{version}"/>'.encode()
    assert not schema(version).validate(etree.fromstring(empty))
