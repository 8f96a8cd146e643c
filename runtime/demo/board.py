"""What `./dev demo` says when it runs: where everything is, and what to try."""

from collections.abc import Iterator

from runtime.demo.merchant import NewMerchant, NewOperator
from runtime.demo.purchase import CODE, CUSTOMER, PASSWORD
from runtime.demo.scenes import TO_PAY, TO_PAY_LATER
from runtime.demo.shop import Escrow
from runtime.engineer.disputes import APPROVER, PROPOSER
from runtime.stack import Stack

#: Long enough to see that a part is missing and that its purchases wait.
PAUSE = 5
DUTIES = {PROPOSER: "proposes", APPROVER: "approves"}


def table(
    stack: Stack,
    merchant: NewMerchant,
    staff: list[NewOperator],
    bought: Escrow,
    orders: list[Escrow],
) -> str:
    """Where to look, one line each: not folded, so that a link stays one link."""
    lines = [
        f"  [bold]{what:<18}[/]{where}"
        for what, where in places(stack, merchant, staff, bought, orders)
    ]
    return "\n".join(["", "[bold green]Danbao is running[/]", *lines])


def places(
    stack: Stack,
    merchant: NewMerchant,
    staff: list[NewOperator],
    bought: Escrow,
    orders: list[Escrow],
) -> Iterator[tuple[str, str]]:
    at = stack.at
    yield "The shop", f"{at.shop_url}   buy something"
    yield "… its back office", f"{at.shop_url}/orders   send what was paid"
    yield "Your wallet", f"{at.api_url}/wallet   as a buyer"
    yield "… its mails", f"{at.mailbox_url}   links to open it come here"
    yield "API reference", f"{at.api_url}/docs"
    yield "API key", merchant.api_key
    yield "Merchant console", f"{at.api_url}/merchant   sign in with that key"
    yield "For a terminal", f"API={at.api_url}; KEY={merchant.api_key}"
    yield "… all orders", 'curl -H "Authorization: Bearer $KEY" $API/v1/escrows'
    if offered := to_pay(orders):
        yield "Pay this one", offered["checkout_url"]
        yield "… at the bank", f"{CUSTOMER}, password {PASSWORD}, code {CODE}"
    if waiting := newest(orders, "awaiting_confirmation"):
        yield "Confirm this one", waiting["order_url"]
    yield "Just completed", bought["order_url"]
    if at.temporal_ui_url:
        ours = f"{at.temporal_ui_url}/namespaces/default/workflows"
        yield "Temporal UI", ours
        yield "… that purchase", f"{ours}/{bought['id']}"
    yield "Operators' desk", f"{at.api_url}/operator   disputes; or ./dev disputes list"
    for one in staff:
        yield f"… as {one.login}", f"password {one.password}   {DUTIES[one.login]}"
    yield "Webhook secret", merchant.webhook_secret
    yield "Another terminal", f"./dev listen · ./dev trigger escrow.paid · {look(bought)}"
    yield "Logs", str(stack.logs)


def look(escrow: Escrow) -> str:
    return f"./dev escrow show {escrow['order_id']}"


def to_pay(orders: list[Escrow]) -> Escrow | None:
    """The newest that was made to be paid by a visitor, and still can be."""
    return newest(
        [one for one in orders if one["order_id"].startswith((TO_PAY, f"{TO_PAY_LATER}-"))],
        "awaiting_payment",
    )


def newest(orders: list[Escrow], status: str) -> Escrow | None:
    """Orders are newest first."""
    return next((order for order in orders if order["status"] == status), None)


def experiment(stack: Stack, orders: list[Escrow]) -> str:
    """What to type to see a purchase outlive its worker."""
    waiting = newest(orders, "awaiting_confirmation")
    opened = waiting["order_url"] if waiting else "an order that was sent"
    return (
        "\nKill the worker and watch:\n"
        f"  1. open {opened}\n"
        "     press Confirm receipt, and type what the next page asks for\n"
        f"  2. in another terminal: kill -9 {stack.pid('worker')}\n"
        f"  3. press the button within {PAUSE} seconds: after a while the page says that the\n"
        "     money is being released, and nothing is released yet\n"
        "  4. a new worker comes up, as is said here, and the page shows it released\n"
        "\nCtrl-C stops everything. ./dev demo goes on where it was; ./dev reset forgets it.\n"
    )
