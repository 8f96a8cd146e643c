"""PostgreSQL and Temporal without installing either: found, started, stopped, killed."""
