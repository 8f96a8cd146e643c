"""What a test knows of the merchant who is to be told."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from webhooks.endpoints import Endpoint, Wanted, replace
from webhooks.port import Notice


@dataclass(frozen=True, slots=True)
class Merchant:
    id: str
    endpoint: Endpoint
    #: The creation of its one purchase, for that endpoint.
    notice: Notice

    @property
    def secret(self) -> str:
        return self.endpoint.secret


@dataclass(frozen=True, slots=True)
class Try:
    status: int
    error: str
    milliseconds: int


async def tries(engine: AsyncEngine, notice: Notice) -> list[Try]:
    """How each try of `notice` went, oldest first."""
    query = text(
        "SELECT status, error, milliseconds FROM notice_attempt"
        " WHERE (escrow_id, sequence, endpoint_id) = (:escrow, :sequence, :endpoint) ORDER BY id"
    )
    said = {
        "escrow": notice.escrow_id,
        "sequence": notice.sequence,
        "endpoint": notice.endpoint,
    }
    async with engine.connect() as connection:
        return [Try(*row) for row in await connection.execute(query, said)]


async def told_at(url: str, merchant: Merchant, engine: AsyncEngine) -> None:
    """The merchant gives its endpoint this address, and switches it on."""
    async with engine.begin() as connection:
        await replace(connection, merchant.endpoint.id, merchant.id, Wanted(url), livemode=False)
