#!/bin/sh
# Brings both of Temporal's databases to the schema of this image's version. Running it again
# changes nothing. SQL_HOST, SQL_PORT, SQL_USER and SQL_PASSWORD say where.
set -eu
upgrade() {
    temporal-sql-tool --plugin postgres12_pgx --db "$1" setup-schema --version 0.0
    temporal-sql-tool --plugin postgres12_pgx --db "$1" update-schema \
        --schema-name "postgresql/v12/$2"
}
upgrade temporal temporal
upgrade temporal_visibility visibility
