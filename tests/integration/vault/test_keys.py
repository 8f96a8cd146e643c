"""Keys of purchases in a real PostgreSQL: one each, wrapped, found again, gone when destroyed."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from ledger.book import open_escrow
from tests import builders
from tests.integration.vault.conftest import K1, K2, NewPurchase
from vault import upkeep
from vault.errors import Erased, MasterKeyMissing, UnknownKey, UnknownPurchase
from vault.keys import HOUSE, Keys, mint
from vault.ring import Ring
from vault.tables import PurchaseKey


async def count(engine: AsyncEngine, escrow_id: str) -> int:
    query = select(func.count()).where(col(PurchaseKey.escrow_id) == escrow_id)
    async with engine.connect() as connection:
        return await connection.scalar(query) or 0


async def test_a_purchase_gets_one_key_and_keeps_it(
    keys: Keys, engine: AsyncEngine, ring: Ring, new_purchase: NewPurchase
) -> None:
    escrow_id = await new_purchase()
    key = await keys.current(escrow_id)
    assert await Keys(engine, ring).current(escrow_id) == key
    assert await Keys(engine, ring).find(key.id) == key
    assert await count(engine, escrow_id) == 1


async def test_whoever_comes_at_once_gets_the_same_key(
    engine: AsyncEngine, ring: Ring, new_purchase: NewPurchase
) -> None:
    escrow_id = await new_purchase()
    crowd = [Keys(engine, ring) for _ in range(12)]
    found = await asyncio.gather(*(keys.current(escrow_id) for keys in crowd))
    assert len({key.id for key in found}) == 1
    assert await count(engine, escrow_id) == 1


async def test_the_house_has_one_key_too(engine: AsyncEngine, ring: Ring) -> None:
    crowd = [Keys(engine, ring) for _ in range(8)]
    found = await asyncio.gather(*(keys.current(HOUSE) for keys in crowd))
    assert len({key.id for key in found}) == 1
    assert await Keys(engine, ring).find(found[0].id) == found[0]


async def test_a_key_is_born_with_its_purchase_or_not_at_all(
    engine: AsyncEngine, ring: Ring
) -> None:
    escrow = builders.opened(escrow_id="esc_" + "c" * 32)
    async with engine.connect() as connection:
        transaction = await connection.begin()
        await open_escrow(connection, escrow)
        await mint(connection, ring, escrow.terms.escrow_id)
        await transaction.rollback()
    assert await count(engine, escrow.terms.escrow_id) == 0
    with pytest.raises(UnknownPurchase):
        await Keys(engine, ring).current(escrow.terms.escrow_id)


async def test_two_purchases_have_different_keys(keys: Keys, new_purchase: NewPurchase) -> None:
    one, other = [await keys.current(await new_purchase()) for _ in range(2)]
    assert one.secret != other.secret


async def test_the_database_never_sees_a_key(
    keys: Keys, engine: AsyncEngine, new_purchase: NewPurchase
) -> None:
    key = await keys.current(await new_purchase())
    async with engine.connect() as connection:
        box = await connection.scalar(select(col(PurchaseKey.box)).filter_by(id=key.id))
    assert box
    assert key.secret not in box
    assert len(box) == 12 + 32 + 16
    assert key.secret.hex() not in repr(key)


async def test_a_key_that_nobody_made_is_unknown(keys: Keys) -> None:
    with pytest.raises(UnknownKey):
        await keys.find("nobody")


async def test_rotation_leaves_every_key_as_it_is_and_then_the_old_master_key_can_go(
    engine: AsyncEngine, owner_engine: AsyncEngine, keys: Keys, new_purchase: NewPurchase
) -> None:
    before = [await keys.current(await new_purchase()) for _ in range(3)]
    both = Ring.parse(f"{K2},{K1}")
    assert await Keys(engine, both).find(before[0].id) == before[0]
    assert await upkeep.rewrap(owner_engine, both) >= 3
    assert await upkeep.rewrap(owner_engine, both) == 0
    assert list(await upkeep.wrapped_by(owner_engine)) == [both.first]
    only = Keys(engine, Ring.parse(K2))
    assert [await only.find(key.id) for key in before] == before
    with pytest.raises(MasterKeyMissing):
        await Keys(engine, Ring.parse(K1)).find(before[0].id)
    # Other tests go on with the first master key.
    await upkeep.rewrap(owner_engine, Ring.parse(f"{K1},{K2}"))


async def test_wrapping_anew_goes_batch_by_batch(
    owner_engine: AsyncEngine, keys: Keys, new_purchase: NewPurchase
) -> None:
    for _ in range(5):
        await keys.current(await new_purchase())
    assert await upkeep.rewrap(owner_engine, Ring.parse(f"{K2},{K1}"), batch=2) >= 5
    assert await upkeep.rewrap(owner_engine, Ring.parse(f"{K1},{K2}"), batch=2) >= 5


async def test_a_retired_key_decrypts_and_encrypts_no_more(
    engine: AsyncEngine, owner_engine: AsyncEngine, ring: Ring, new_purchase: NewPurchase
) -> None:
    escrow_id = await new_purchase()
    key = await Keys(engine, ring).current(escrow_id)
    async with owner_engine.begin() as connection:
        await upkeep.retire(connection, escrow_id)
    assert await Keys(engine, ring).find(key.id) == key
    assert (await Keys(engine, ring).current(escrow_id)).id != key.id


async def test_a_destroyed_key_is_gone_and_only_retired_keys_are_destroyed(
    engine: AsyncEngine, owner_engine: AsyncEngine, ring: Ring, new_purchase: NewPurchase
) -> None:
    escrow_id = await new_purchase()
    key = await Keys(engine, ring).current(escrow_id)
    async with owner_engine.begin() as connection:
        assert await upkeep.destroy(connection, escrow_id) == 0
        await upkeep.retire(connection, escrow_id)
        assert await upkeep.destroy(connection, escrow_id) == 1
    with pytest.raises(Erased):
        await Keys(engine, ring).find(key.id)
    assert await Keys(engine, ring).current(escrow_id) != key


async def test_a_process_forgets_a_destroyed_key_after_its_time(
    engine: AsyncEngine, owner_engine: AsyncEngine, ring: Ring, new_purchase: NewPurchase
) -> None:
    escrow_id = await new_purchase()
    remembering = Keys(engine, ring)
    forgetting = Keys(engine, ring, kept_for=timedelta(0))
    key = await remembering.find((await remembering.current(escrow_id)).id)
    async with owner_engine.begin() as connection:
        await upkeep.retire(connection, escrow_id)
        await upkeep.destroy(connection, escrow_id)
    assert await remembering.find(key.id) == key
    with pytest.raises(Erased):
        await forgetting.find(key.id)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE purchase_key SET box = ''",
        "UPDATE purchase_key SET retired_at = now()",
        "DELETE FROM purchase_key",
        "TRUNCATE purchase_key",
    ],
)
async def test_the_application_cannot_lose_a_key(engine: AsyncEngine, statement: str) -> None:
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError, match="permission denied"):
            await connection.execute(text(statement))
