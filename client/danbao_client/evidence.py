"""`/v1/escrows/{id}/dispute/evidence`, to wait for and for asyncio."""

from danbao_client import evidence_calls
from danbao_client.calls import AsyncSender, Sender
from danbao_client.evidence_calls import Evidence as Said


class Evidence:
    """What both sides of a dispute say and show, while it is open or in arbitration.

    Nobody can change it or take it back.
    """

    def __init__(self, danbao: Sender) -> None:
        self._send = danbao.send

    def say(
        self,
        escrow_id: str,
        statement: str,
        *,
        at_version: int | None = None,
        idempotency_key: str | None = None,
    ) -> Said:
        """Say what happened, in at most 4,000 characters; the buyer and operators read it."""
        return self._send(
            evidence_calls.say(
                escrow_id, statement, at_version=at_version, idempotency_key=idempotency_key
            )
        )

    def show(
        self,
        escrow_id: str,
        filename: str,
        content: bytes,
        *,
        at_version: int | None = None,
        idempotency_key: str | None = None,
    ) -> Said:
        """Show a PNG, JPEG or WebP picture or a PDF of at most 5 MB."""
        return self._send(
            evidence_calls.show(
                escrow_id,
                filename,
                content,
                at_version=at_version,
                idempotency_key=idempotency_key,
            )
        )

    def list(self, escrow_id: str) -> tuple[Said, ...]:
        """All that both sides and operators have said and shown, oldest first."""
        return self._send(evidence_calls.list_evidence(escrow_id)).data

    def download(self, escrow_id: str, evidence_id: str) -> bytes:
        """The file as it was sent, or a statement's words."""
        return self._send(evidence_calls.download(escrow_id, evidence_id))


class AsyncEvidence:
    """What both sides of a dispute say and show, while it is open or in arbitration.

    Nobody can change it or take it back.
    """

    def __init__(self, danbao: AsyncSender) -> None:
        self._send = danbao.send

    async def say(
        self,
        escrow_id: str,
        statement: str,
        *,
        at_version: int | None = None,
        idempotency_key: str | None = None,
    ) -> Said:
        """Say what happened, in at most 4,000 characters; the buyer and operators read it."""
        return await self._send(
            evidence_calls.say(
                escrow_id, statement, at_version=at_version, idempotency_key=idempotency_key
            )
        )

    async def show(
        self,
        escrow_id: str,
        filename: str,
        content: bytes,
        *,
        at_version: int | None = None,
        idempotency_key: str | None = None,
    ) -> Said:
        """Show a PNG, JPEG or WebP picture or a PDF of at most 5 MB."""
        return await self._send(
            evidence_calls.show(
                escrow_id,
                filename,
                content,
                at_version=at_version,
                idempotency_key=idempotency_key,
            )
        )

    async def list(self, escrow_id: str) -> tuple[Said, ...]:
        """All that both sides and operators have said and shown, oldest first."""
        return (await self._send(evidence_calls.list_evidence(escrow_id))).data

    async def download(self, escrow_id: str, evidence_id: str) -> bytes:
        """The file as it was sent, or a statement's words."""
        return await self._send(evidence_calls.download(escrow_id, evidence_id))
