"""The bank's tables, brought up to date when it starts: every numbered file runs once."""

from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
#: Any number that nobody else in this database locks: two banks starting at once take turns.
LOCK = 20_101


async def bring_up_to_date(connection: Any) -> None:
    """Run the files that this database has not seen, all or none. Takes an asyncpg connection."""
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        await connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version int NOT NULL)")
        done = await connection.fetchval("SELECT coalesce(max(version), 0) FROM schema_version")
        for file in sorted(FOLDER.glob("*.sql")):
            version = int(file.name.partition("_")[0])
            if version > done:
                await connection.execute(file.read_text())
                await connection.execute("INSERT INTO schema_version VALUES ($1)", version)
