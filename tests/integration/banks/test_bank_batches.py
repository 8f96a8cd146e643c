"""The sandbox bank's door for files of payouts, where a file is wrong or many come at once."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import httpx2
import pytest

from banks.files import pain001, pain002
from banks.files.pain001 import PayoutBatch, PayoutOrder
from banks.files.pain002 import TransactionStatus
from banks.files.values import Account
from tests import bank_files as some
from tests import buyer
from tests.integration.banks.houses import House


def batch(*references: str, currency: str = "EUR") -> PayoutBatch:
    """Each reference gets 1.00."""
    orders = tuple(some.an_order(100, one, currency) for one in references or (new(),))
    (group,) = some.a_batch(*orders).groups
    group = replace(group, account=Account(f"CUSTODY-{currency}"))
    return replace(some.a_batch(), id=f"B-{uuid4().hex[:20]}", groups=(group,))


def new() -> str:
    return f"pay_{uuid4().hex}:remit:1"


async def sent(house: House, file: PayoutBatch) -> httpx2.Response:
    return await put(house, file.id, pain001.write(file))


async def put(house: House, name: str, data: bytes) -> httpx2.Response:
    return await house.api.put(f"/v1/batches/{name}", content=data)


async def funded(house: House) -> None:
    _, page = await house.payment(50_000)
    await buyer.pay(page)


async def test_the_answer_speaks_of_every_order_with_its_reason(house: House) -> None:
    await funded(house)
    file = batch(new(), new())
    (group,) = file.groups
    wrong: PayoutOrder = replace(group.orders[1], account=Account("no account at all"))
    file = replace(file, groups=(replace(group, orders=(group.orders[0], wrong)),))
    answer = await sent(house, file)
    assert answer.headers["content-type"] == "application/xml"
    report = pain002.read(answer.content)
    right, refused = report.of(file).values()
    assert right.verdict.status is TransactionStatus.IN_PROCESS
    assert refused.verdict.reason
    assert refused.verdict.reason.code == "AC01"
    asked = pain002.read((await house.api.get(f"/v1/batches/{file.id}")).content)
    assert asked.of(file).keys() == report.of(file).keys()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<a/>",
        pain001.write(batch())[:-20],
        pain001.write(batch()).replace(b"<NbOfTxs>1", b"<NbOfTxs>2"),
        b"x" * (4 * 1024 * 1024 + 1),
    ],
    ids=["nothing", "xml", "cut", "count", "much"],
)
async def test_a_file_that_is_wrong_is_not_taken(house: House, data: bytes) -> None:
    name = f"B-{uuid4().hex[:20]}"
    answer = await put(house, name, data)
    assert (answer.status_code, answer.json()["code"]) == (400, "wrong_file")
    answer = await house.api.get(f"/v1/batches/{name}")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_batch")


async def test_a_file_of_another_account_or_name_is_not_taken(house: House) -> None:
    file = batch()
    (group,) = file.groups
    foreign = replace(file, groups=(replace(group, account=Account("CUSTODY-CNY")),))
    assert (await sent(house, foreign)).json()["code"] == "wrong_file"
    assert (await put(house, "another", pain001.write(file))).json()["code"] == "wrong_file"


async def test_a_thousand_orders_are_taken_and_no_more(house: House) -> None:
    file = batch(*(new() for _ in range(1001)))
    assert "at most 1000" in (await sent(house, file)).json()["message"]


async def test_the_same_id_is_for_the_same_bytes(house: House) -> None:
    file = batch()
    assert (await sent(house, file)).status_code == 200
    answer = await sent(house, replace(file, initiator="Somebody else"))
    assert (answer.status_code, answer.json()["code"]) == (409, "reference_reused")


async def test_a_file_spends_what_there_is_once(house: House) -> None:
    _, page = await house.payment(250, currency="AED")
    await buyer.pay(page)
    file = batch(new(), new(), new(), currency="AED")
    said = pain002.read((await sent(house, file)).content).of(file).values()
    reasons = [one.verdict.reason and one.verdict.reason.code for one in said]
    assert reasons == [None, None, "AM04"]


async def test_files_and_single_orders_that_cross_pay_each_once(house: House) -> None:
    """Whatever takes turns with what: nobody waits for ever, and nobody is paid twice."""
    await funded(house)
    names = [new() for _ in range(6)]
    files = [batch(*names), batch(*reversed(names)), batch(*names[2:])]

    async def single(name: str) -> httpx2.Response:
        order = some.an_order(100, name, "EUR")
        body = {"reference": name, "amount": 100, "currency": "EUR", "holder": order.holder,
                "account": order.account.number}  # fmt: skip
        return await house.api.post("/v1/remittances", json=body)

    answers = await asyncio.gather(
        *(sent(house, file) for file in files for _ in range(2)), *map(single, names)
    )
    assert {answer.status_code for answer in answers} == {200}
    for name in names:
        assert (await house.journal(name)).count(("remit", 100)) == 1


async def test_a_file_is_never_forgotten(forgetful: House) -> None:
    await funded(forgetful)
    file = batch()
    await sent(forgetful, file)
    await asyncio.sleep(1.5)
    assert (await sent(forgetful, file)).status_code == 200
    (name,) = (order.reference for order in file.orders)
    assert (await forgetful.journal(name)).count(("remit", 100)) == 1
