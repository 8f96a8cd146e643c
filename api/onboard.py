"""`python -m api.onboard NAME [--webhook URL]`: a new merchant, its key and signing secret.

One JSON object on stdout: `id`, `api_key`, `webhook_secret` ("" without a webhook). Both secrets
are told this once.
"""

import argparse
import asyncio
import json
import sys

from api.merchants import create_merchant
from runtime.database import engine
from runtime.settings import Settings
from webhooks.endpoints import BadEndpoint, set_endpoint


async def onboard(settings: Settings, name: str, webhook: str) -> dict[str, str]:
    """In one transaction. Raises BadEndpoint."""
    livemode = settings.mode == "live"
    pool = engine(settings.database_url, pool_size=1)
    try:
        async with pool.begin() as connection:
            made = await create_merchant(connection, name, "live" if livemode else "test")
            secret = ""
            if webhook:
                secret = await set_endpoint(connection, made.id, webhook, livemode=livemode)
    finally:
        await pool.dispose()
    return {"id": made.id, "api_key": made.key, "webhook_secret": secret}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="as buyers read it at the cashier")
    parser.add_argument("--webhook", default="", help="where notices are sent")
    said = parser.parse_args()
    try:
        made = asyncio.run(onboard(Settings(), said.name, said.webhook))
    except BadEndpoint as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(json.dumps(made) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
