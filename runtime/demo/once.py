"""`./dev demo --once`: one purchase from the order to the reconciled day, and one JSON line."""

import json
import secrets
import sys
from pathlib import Path

from runtime.demo.evidence import Evidence, collect
from runtime.demo.merchant import new_merchant
from runtime.demo.payday import DONE, PAYDAY, clear, paid, reconciled, say_where_to_pay
from runtime.demo.progress import Progress
from runtime.demo.purchase import CHAPTERS, buy
from runtime.demo.shop import Shop, listening
from runtime.embedded.places import free_ports, sole_use
from runtime.stack import Stack

#: The public event after which a merchant has heard everything about a purchase.
LAST_NOTICE = "escrow.released"
#: And about its payout.
LAST_OF_PAYOUT = "payout.settled"
SHOP = "Once upon a shop"


async def run_once(state: Path, progress: Progress) -> int:
    """0 when all is as it should be; the last line on stdout says what there was to see.

    The home of a run that went wrong is kept: its logs tell why.
    """
    stack = Stack(state / f"once-{secrets.token_hex(4)}")
    with sole_use(stack.home):
        async with stack.running(progress.part):
            evidence = await one_purchase(stack, progress)
        sys.stdout.write(json.dumps(evidence.as_json(), ensure_ascii=False) + "\n")
        problems = evidence.problems()
        for problem in problems:
            progress.wrong(problem)
        if problems:
            progress.say(f"The logs are in {stack.logs}")
            return 1
        stack.remove()
        return 0


async def one_purchase(stack: Stack, progress: Progress) -> Evidence:
    """A new merchant, its webhook endpoint, one purchase, and everything that can be counted."""
    async with listening(free_ports(0)[0]) as notices:
        merchant = await new_merchant(stack, SHOP, notices.url)
        notices.secret = merchant.webhook_secret
        await say_where_to_pay(stack, merchant, SHOP)
        async with Shop(stack.at.api_url, merchant.api_key) as shop:
            with progress.chapters((*CHAPTERS, *PAYDAY), DONE) as told:
                escrow = await buy(shop, f"ONCE-{secrets.token_hex(4).upper()}", told)
                told(PAYDAY[0])
                await clear(stack)
                told(PAYDAY[1])
                payday = await paid(shop)
                told(PAYDAY[2])
                day = await reconciled(stack)
            heard = await notices.complete(escrow["id"], LAST_NOTICE)
            of_payout = await notices.complete(payday.payout["id"], LAST_OF_PAYOUT)
            return await collect(stack, escrow, payday, day, [*heard, *of_payout], notices.forged)
