"""Where the money is: a double-entry ledger in PostgreSQL."""
