"""What a test knows of the merchant who is to be told."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from webhooks.port import Notice


@dataclass(frozen=True, slots=True)
class Merchant:
    id: str
    secret: str
    notice: Notice


@dataclass(frozen=True, slots=True)
class Try:
    status: int
    error: str
    milliseconds: int


async def tries(engine: AsyncEngine, notice: Notice) -> list[Try]:
    """How each try of `notice` went, oldest first."""
    query = text(
        "SELECT status, error, milliseconds FROM notice_attempt"
        " WHERE escrow_id = :escrow AND sequence = :sequence ORDER BY id"
    )
    said = {"escrow": notice.escrow_id, "sequence": notice.sequence}
    async with engine.connect() as connection:
        return [Try(*row) for row in await connection.execute(query, said)]
