"""`python -m runtime.migrate`: one-shot, brings the schema to the newest revision."""

import asyncio

from runtime.database import migrate
from runtime.settings import MigrationSettings


def main() -> None:
    asyncio.run(migrate(MigrationSettings().migration_url))


if __name__ == "__main__":
    main()
