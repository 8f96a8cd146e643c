"""What Temporal stores of a purchase, encrypted with its key; all else with the house's.

Encrypted are arguments, results and failures. Left as they are: an empty payload, which says
nothing, and labels, which operators read in the Temporal UI without any key: one plain string that
a workflow itself gives (summaries, details, its outcome in a word), and what the SDK says about a
workflow's current details. A label holds no personal data; docs/concepts/personal-data.md.
"""

import re
from collections.abc import Sequence
from typing import Self

from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

from vault.errors import NotAuthentic, WithoutContext
from vault.keys import HOUSE, Keys

#: The encoding's usual name: Temporal's UI and CLI know it.
ENCRYPTED = b"binary/encrypted"
KEY = "key"
METADATA_QUERY = b"temporal.api.sdk.v1.WorkflowMetadata"
#: `esc_…` or `what:esc_…` or `what:esc_…:and:so:on`.
_ESCROW_ID = re.compile(r"(?<![^:])esc_[0-9a-f]{32}(?![^:])")


def escrow_of(workflow_id: str) -> str:
    """The purchase that a workflow belongs to, by its id; HOUSE when it belongs to none."""
    found = _ESCROW_ID.search(workflow_id)
    return found[0] if found else HOUSE


class PurchaseCodec(PayloadCodec, WithSerializationContext):
    """Temporal's SDK says by `with_context` whose payloads come next.

    Both ways raise what `Keys` raises; encoding raises WithoutContext, too.
    """

    def __init__(
        self, keys: Keys, escrow_id: str | None = None, *, has_labels: bool = False
    ) -> None:
        self._keys = keys
        self._escrow_id = escrow_id
        self._has_labels = has_labels

    def with_context(self, context: SerializationContext) -> Self:
        match context:
            case WorkflowSerializationContext(workflow_id=workflow_id):
                return type(self)(self._keys, escrow_of(workflow_id), has_labels=True)
            case ActivitySerializationContext(workflow_id=workflow_id):
                return type(self)(self._keys, escrow_of(workflow_id or ""))
            case _:
                return type(self)(self._keys)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [await self._encrypted(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [await self._decrypted(payload) for payload in payloads]

    async def _encrypted(self, payload: Payload) -> Payload:
        if not payload.data or (self._has_labels and is_label(payload)):
            return payload
        if self._escrow_id is None:
            raise WithoutContext("nobody said whose payload this is")
        key = await self._keys.current(self._escrow_id)
        metadata = {"encoding": ENCRYPTED, KEY: key.id.encode()}
        return Payload(metadata=metadata, data=key.encrypt(payload.SerializeToString()))

    async def _decrypted(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCRYPTED:
            return payload
        key = await self._keys.find(payload.metadata[KEY].decode(errors="replace"))
        if self._escrow_id is not None and key.escrow_id != self._escrow_id:
            raise NotAuthentic(f"encrypted for others than {self._escrow_id or 'the house'}")
        try:
            return Payload.FromString(key.decrypt(payload.data))
        except DecodeError as wrong:
            raise NotAuthentic("no payload was encrypted") from wrong


def is_label(payload: Payload) -> bool:
    metadata = payload.metadata
    if metadata.get("encoding") == b"json/plain":
        return payload.data.startswith(b'"')
    return metadata.get("messageType") == METADATA_QUERY
