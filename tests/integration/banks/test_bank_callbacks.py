"""The bank's reports: signed, sent until heard, and as unreliable as a test wants them."""

import asyncio
import json
from datetime import UTC, datetime

import pytest

from banks.callbacks import Report, verify
from tests import buyer
from tests.integration.banks.houses import House
from tests.integration.webhooks.sink import OK, Heard, Sink, answer

#: Far longer than anything here takes; reached only when something never happens.
PATIENCE = 30.0


def reports(sink: Sink, *references: str) -> list[Heard]:
    """What was heard of these payments or their refunds, in order."""
    purchases = {reference.partition(":")[0] for reference in references}
    return [report for report in sink.heard if said(report)["reference"][:36] in purchases]


async def heard(sink: Sink, count: int, *references: str) -> list[Heard]:
    """Wait for `count` reports."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if len(found := reports(sink, *references)) >= count:
                return found
            await asyncio.sleep(0.05)


def said(report: Heard) -> dict[str, str]:
    return dict(json.loads(report.body))


def kinds(found: list[Heard]) -> list[str]:
    return [said(report)["type"] for report in found]


def events(found: list[Heard]) -> set[str]:
    return {report.headers["bank-event-id"] for report in found}


async def test_a_report_is_signed_for_us(mortal: House, sink: Sink) -> None:
    reference, page = await mortal.payment()
    await buyer.pay(page)
    (report,) = await heard(sink, 1, reference)
    signature = report.headers["bank-signature"]
    read = verify(signature, report.body, mortal.secret, datetime.now(UTC))
    assert read == Report(report.headers["bank-event-id"], reference)
    assert kinds([report]) == ["payment.deducted"]


@pytest.mark.parametrize(
    ("customer", "expected"),
    [("zhou.ba", "payment.declined"), ("zheng.shi", "payment.deducted")],
)
async def test_every_decision_is_reported(
    mortal: House, sink: Sink, customer: str, expected: str
) -> None:
    reference, page = await mortal.payment()
    await buyer.pay(page, customer)
    assert kinds(await heard(sink, 1, reference)) == [expected]


async def test_an_expired_freeze_is_reported(mortal: House, sink: Sink) -> None:
    reference, page = await mortal.payment(funding="freeze")
    await mortal.fault("pay", "short_freeze", seconds=0.5, prefix=reference)
    await buyer.pay(page)
    assert kinds(await heard(sink, 2, reference)) == ["payment.frozen", "payment.expired"]
    assert await mortal.journal(reference) == [("freeze", 5_000), ("expire", 5_000)]


async def test_what_was_pending_is_reported_when_it_is_done(mortal: House, sink: Sink) -> None:
    reference, page = await mortal.payment()
    await buyer.pay(page)
    await mortal.fault("refund", "pending", seconds=0.5, prefix=reference.partition(":")[0])
    assert (await mortal.refund(reference)).status_code == 202
    assert kinds(await heard(sink, 2, reference)) == ["payment.deducted", "refund.refunded"]


async def test_a_report_is_sent_until_it_is_heard(mortal: House, sink: Sink) -> None:
    sink.says = [answer(500), b"", answer(302), OK]
    reference, page = await mortal.payment()
    await buyer.pay(page)
    assert len(events(await heard(sink, 4, reference))) == 1
    await asyncio.sleep(1)
    assert len(reports(sink, reference)) == 4, "heard is heard"


async def test_reports_survive_the_banks_death(mortal: House, sink: Sink) -> None:
    sink.says = [b""]
    references = []
    for _ in range(3):
        reference, page = await mortal.payment()
        await buyer.pay(page)
        references.append(reference)
    mortal.process.kill()
    before = len(reports(sink, *references))
    sink.says = [OK]
    await mortal.start()
    after = (await heard(sink, before + 3, *references))[before:]
    assert {said(report)["reference"] for report in after} == set(references)


async def test_a_report_may_come_twice(mortal: House, sink: Sink) -> None:
    reference, page = await mortal.payment()
    await buyer.pay(page, "wei.si")
    assert len(events(await heard(sink, 2, reference))) == 1


async def test_an_older_report_may_come_after_the_newer(mortal: House, sink: Sink) -> None:
    reference, page = await mortal.payment()
    await buyer.pay(page, "shen.liu")
    first, second = await heard(sink, 2, reference)
    assert kinds([first, second]) == ["payment.deducted", "payment.processing"]
    assert said(second)["at"] < said(first)["at"]


async def test_a_report_may_come_late(mortal: House, sink: Sink) -> None:
    reference, page = await mortal.payment()
    await mortal.fault("callback", "late", seconds=1.5, prefix=reference)
    await buyer.pay(page)
    await asyncio.sleep(1)
    assert reports(sink, reference) == []
    await heard(sink, 1, reference)


async def test_a_report_may_never_come(mortal: House, sink: Sink) -> None:
    reference, page = await mortal.payment()
    await buyer.pay(page, "han.qi")
    await asyncio.sleep(1.5)
    assert reports(sink, reference) == []
    assert (await mortal.find(reference))["status"] == "deducted"
