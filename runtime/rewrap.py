"""`python -m runtime.rewrap`: wraps every key with the ring's first master key.

Purchases go on meanwhile, and it may be stopped and run again. Ends with 1 while some key is still
wrapped by another master key.
"""

import asyncio
import sys

from runtime.database import engine
from runtime.settings import KeeperSettings
from vault.errors import VaultError
from vault.ring import Ring
from vault.upkeep import rewrap, wrapped_by


async def run(owner_url: str, ring: Ring) -> dict[str, int]:
    """How many keys each master key wraps afterwards. Raises VaultError."""
    owner = engine(owner_url, pool_size=1)
    try:
        done = await rewrap(owner, ring)
        sys.stdout.write(f"wrapped anew: {done}\n")
        return await wrapped_by(owner)
    finally:
        await owner.dispose()


def main() -> int:
    settings = KeeperSettings()
    ring = settings.ring
    try:
        found = asyncio.run(run(settings.migration_url, ring))
    except VaultError as shut:
        sys.stderr.write(f"{shut.code}: {shut}\n")
        return 1
    for by, keys in found.items():
        sys.stdout.write(f"wrapped by {by}{' (the first)' * (by == ring.first)}: {keys}\n")
    return 1 if set(found) - {ring.first} else 0


if __name__ == "__main__":
    sys.exit(main())
