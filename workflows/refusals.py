"""A broken rule, in the form in which it leaves a workflow."""

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio import workflow
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

with workflow.unsafe.imports_passed_through():
    from domain.errors import Refusal


@contextmanager
def refusing() -> Iterator[None]:
    """Turn a Refusal into the ApplicationError that fails this one command, not the purchase."""
    try:
        yield
    except Refusal as refusal:
        raise ApplicationError(
            str(refusal),
            type=refusal.code,
            non_retryable=True,
            category=ApplicationErrorCategory.BENIGN,
        ) from refusal
