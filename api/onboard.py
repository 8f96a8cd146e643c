"""`python -m api.onboard NAME [--webhook URL]`: a new merchant, as an operator makes one.

Prints one JSON object: `id`, `api_key` and `webhook_secret` ("" without `--webhook`). Both secrets
are told only here.
"""

import argparse
import asyncio
import json
import sys

from api.keys import mode_of
from api.merchants import create_merchant
from domain.terms import FeePolicy
from runtime.database import engine
from runtime.settings import Settings
from webhooks import endpoints
from webhooks.addresses import BadEndpoint
from webhooks.endpoints import Wanted


async def onboard(settings: Settings, name: str, webhook: str, fee: FeePolicy) -> dict[str, str]:
    """Merchant, key and endpoint in one commit. Raises BadEndpoint."""
    pool = engine(settings.database_url, pool_size=1)
    try:
        async with pool.begin() as connection:
            merchant = await create_merchant(connection, name, mode_of(settings.mode), fee)
            secret = ""
            if webhook:
                wanted = Wanted(webhook)
                livemode = settings.mode == "live"
                made = await endpoints.add(connection, merchant.id, wanted, livemode=livemode)
                secret = made.secret
    finally:
        await pool.dispose()
    return {"id": merchant.id, "api_key": merchant.key, "webhook_secret": secret}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m api.onboard", description="A new merchant.")
    parser.add_argument("name", help="what buyers read on the cashier page")
    parser.add_argument("--webhook", default="", help="where the merchant wants to be told")
    parser.add_argument("--fee-fixed", type=int, default=0, help="minor units of every release")
    parser.add_argument("--fee-bps", type=int, default=0, help="hundredths of a percent")
    wanted = parser.parse_args(arguments)
    try:
        fee = FeePolicy(wanted.fee_fixed, wanted.fee_bps)
        made = asyncio.run(onboard(Settings(), wanted.name, wanted.webhook, fee))
    except (BadEndpoint, ValueError) as refused:
        sys.stderr.write(f"{refused}\n")
        return 1
    sys.stdout.write(json.dumps(made) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
