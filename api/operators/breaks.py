"""Who looks after a break: an operator takes it, from nobody or from whoever has it."""

from sqlalchemy.ext.asyncio import AsyncEngine

from api.operators import audit
from api.operators.accounts import Account
from api.operators.decisions import needs
from api.operators.roles import Role
from reconciliation import breaks


async def take(engine: AsyncEngine, operator: Account, break_id: str, before: str) -> bool:
    """Take an open break that `before` looked after ("": nobody), and write that down.

    False, and nothing is changed, when it is closed or somebody else's by now. Raises MissingRole.
    """
    await needs(engine, operator, Role.OPERATOR, "take a break", break_id)
    async with engine.begin() as connection:
        taken = await breaks.take(connection, break_id, before, operator.login)
        if taken:
            await audit.note(connection, operator.id, "break_claimed", break_id, before=before)
    return taken
