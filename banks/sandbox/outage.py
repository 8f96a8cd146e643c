"""What a database that goes away in the middle of a statement raises."""

import asyncpg

#: InternalClientError: an answer broken off half way puts the driver's own bookkeeping in disorder.
OUTAGES = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
