"""What stands to a merchant now, for whoever is about to take some of it."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import Account, Code
from ledger.keys import account_id

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('danbao.clearing:' || :payable, 0))")
_OWED = text("SELECT credits - debits FROM account_balance WHERE id = :account")


async def claim(connection: AsyncConnection, merchant_id: str, currency: str) -> None:
    """Until the transaction ends nobody else takes anything of what stands to the merchant.

    Claims of one merchant come one by one. Credits don't wait for them.
    """
    payable = account_id(Account(Code.MERCHANT_PAYABLE, merchant_id), currency)
    await connection.execute(_LOCK, {"payable": payable.hex})


async def standing(connection: AsyncConnection, code: Code, merchant_id: str, currency: str) -> int:
    """Credits less debits."""
    account = account_id(Account(code, merchant_id), currency)
    return int(await connection.scalar(_OWED, {"account": account}) or 0)
