"""What is written is read as what it was, whatever it was."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banks.files import camt053, camt053_writing, pain001, pain002
from banks.files.pain001 import PayoutBatch
from banks.files.references import MAX_LENGTH, restored, shortened
from banks.files.statements import Statement
from tests import any_bank_file
from tests import bank_files as some

few = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@few
@given(any_bank_file.batches())
def test_a_batch_of_payouts(batch: PayoutBatch) -> None:
    assert pain001.read(pain001.write(batch)) == batch


@few
@given(any_bank_file.batches(), st.data())
def test_what_a_bank_says_of_a_batch(batch: PayoutBatch, data: st.DataObject) -> None:
    report = data.draw(any_bank_file.reports(batch))
    again = pain002.read(pain002.write(report))
    assert again == report
    assert again.of(batch).keys() <= {order.reference for order in batch.orders}


@few
@given(any_bank_file.statements())
def test_a_statement(statement: Statement) -> None:
    written = camt053_writing.write("M-1", some.AT, (statement,))
    assert camt053.read(written) == (statement,)


def test_two_statements_in_a_file() -> None:
    both = (some.a_statement(sequence=7), some.a_statement(some.an_entry(-5), sequence=8))
    assert camt053.read(camt053_writing.write("M-1", some.AT, both)) == both


@given(any_bank_file.our_references)
def test_our_references_fit_into_a_bank_s_file(reference: str) -> None:
    short = shortened(reference, "here")
    assert len(short) <= MAX_LENGTH
    assert short == short.upper()
    assert restored(short) == reference


@given(any_bank_file.texts(35))
def test_other_references_stay_as_they_are(reference: str) -> None:
    assert restored(shortened(reference, "here")) == reference
