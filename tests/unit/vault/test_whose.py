"""Which purchase a workflow belongs to, and what is readable without any key."""

import inspect
import typing
from collections.abc import Callable

import pytest
from temporalio import workflow
from temporalio.api.common.v1 import Payload

from domain.states import payment_reference
from vault.codec import escrow_of, is_label
from vault.keys import HOUSE
from workflows.escrow import EscrowWorkflow
from workflows.late import LatePayment
from workflows.names import late_payment_id, notice_id
from workflows.notice import NoticeWorkflow

ESCROW = "esc_" + "0123456789abcdef" * 2
WORKFLOWS = (EscrowWorkflow, LatePayment, NoticeWorkflow)


@pytest.mark.parametrize(
    "workflow_id",
    [
        ESCROW,
        notice_id(ESCROW, 3),
        late_payment_id(payment_reference(ESCROW, 2)),
        f"after:{ESCROW}",
    ],
)
def test_every_workflow_of_a_purchase_is_known_by_its_id(workflow_id: str) -> None:
    assert escrow_of(workflow_id) == ESCROW


@pytest.mark.parametrize(
    "workflow_id", ["", "clearing:2026-11-23", "esc_short", f"x{ESCROW}", f"{ESCROW}0", "esc_" * 9]
)
def test_other_workflows_belong_to_the_house(workflow_id: str) -> None:
    assert escrow_of(workflow_id) == HOUSE


def json_payload(data: bytes) -> Payload:
    return Payload(metadata={"encoding": b"json/plain"}, data=data)


def test_only_a_plain_string_and_the_current_details_are_labels() -> None:
    said = {"encoding": b"json/protobuf", "messageType": b"temporal.api.sdk.v1.WorkflowMetadata"}
    assert is_label(json_payload(b'"waiting for the buyer"'))
    assert is_label(Payload(metadata=said, data=b"{}"))
    for data in (b'{"carrier": "SF"}', b'["a"]', b"12", b"null", b""):
        assert not is_label(json_payload(data))
    assert not is_label(Payload(metadata={"encoding": b"binary/plain"}, data=b'"'))


@pytest.mark.parametrize("kind", WORKFLOWS, ids=lambda kind: kind.__name__)
def test_no_door_of_a_workflow_takes_a_plain_string(kind: type) -> None:
    """It would be taken for a label, and be readable. A dataclass with one field is not."""
    definition = workflow._Definition.must_from_class(kind)
    messages = (definition.signals, definition.queries, definition.updates)
    doors: list[Callable[..., object]] = [definition.run_fn]
    doors += [door.fn for kind_of in messages for door in kind_of.values()]
    for door in doors:
        hints = typing.get_type_hints(door)
        taken = [hints[name] for name in inspect.signature(door).parameters if name != "self"]
        assert str not in taken, door
    answers = [typing.get_type_hints(door.fn).get("return") for door in definition.updates.values()]
    assert str not in answers
