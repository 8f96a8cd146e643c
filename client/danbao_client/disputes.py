"""`/v1/escrows/{id}/dispute`, to wait for and for asyncio: a merchant's side of a dispute."""

from danbao_client import calls
from danbao_client.calls import AsyncSender, Sender
from danbao_client.models import Escrow


class Disputes:
    """What a merchant answers when `escrow.dispute` is there.

    Both take `at_version`, so that it is the dispute that you have seen which you answer.
    """

    def __init__(self, danbao: Sender) -> None:
        self._send = danbao.send

    def accept(
        self,
        escrow_id: str,
        *,
        at_version: int | None = None,
        idempotency_key: str | None = None,
    ) -> Escrow:
        """The buyer is right: the disputed money goes back."""
        return self._send(
            calls.answer_dispute(
                escrow_id, "accept", at_version=at_version, idempotency_key=idempotency_key
            )
        )

    def contest(
        self,
        escrow_id: str,
        *,
        at_version: int | None = None,
        idempotency_key: str | None = None,
    ) -> Escrow:
        """The buyer is not right: operators decide, unless one of you gives in."""
        return self._send(
            calls.answer_dispute(
                escrow_id, "contest", at_version=at_version, idempotency_key=idempotency_key
            )
        )


class AsyncDisputes:
    """What a merchant answers when `escrow.dispute` is there.

    Both take `at_version`, so that it is the dispute that you have seen which you answer.
    """

    def __init__(self, danbao: AsyncSender) -> None:
        self._send = danbao.send

    async def accept(
        self,
        escrow_id: str,
        *,
        at_version: int | None = None,
        idempotency_key: str | None = None,
    ) -> Escrow:
        """The buyer is right: the disputed money goes back."""
        return await self._send(
            calls.answer_dispute(
                escrow_id, "accept", at_version=at_version, idempotency_key=idempotency_key
            )
        )

    async def contest(
        self,
        escrow_id: str,
        *,
        at_version: int | None = None,
        idempotency_key: str | None = None,
    ) -> Escrow:
        """The buyer is not right: operators decide, unless one of you gives in."""
        return await self._send(
            calls.answer_dispute(
                escrow_id, "contest", at_version=at_version, idempotency_key=idempotency_key
            )
        )
