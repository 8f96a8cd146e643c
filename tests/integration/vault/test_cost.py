"""docs/concepts/personal-data.md says what encryption costs; here it is counted, never timed."""

from tests.integration.vault.conftest import K1
from tests.integration.vault.cost import of_a_happy_purchase
from tests.integration.vault.shifts import Shifts
from tests.workflows.test_cost import MOST_BYTES
from vault.ring import Ring

MOST_RATIO = 1.4


async def test_an_encrypted_purchase_is_not_much_longer(shifts: Shifts) -> None:
    cost = await of_a_happy_purchase(shifts, Ring.parse(K1))
    assert cost.encrypted_payloads > 10
    assert cost.plain_bytes <= MOST_BYTES
    assert cost.ratio <= MOST_RATIO, cost
