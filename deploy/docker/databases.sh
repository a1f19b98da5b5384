#!/usr/bin/env bash
# Run once by the Postgres image: a database and a role for each service; nobody connects to another's.
set -euo pipefail
for service in registry monitoring scoring ideas_market notifications; do
  variable="${service^^}_PASSWORD"
  psql -v ON_ERROR_STOP=1 --username postgres -v role="$service" -v password="${!variable}" <<'SQL'
CREATE ROLE :"role" LOGIN PASSWORD :'password';
CREATE DATABASE :"role" OWNER :"role";
REVOKE ALL ON DATABASE :"role" FROM PUBLIC;
SQL
  psql -v ON_ERROR_STOP=1 --username postgres --dbname "$service" \
    -c 'CREATE EXTENSION IF NOT EXISTS pg_trgm' -c 'CREATE EXTENSION IF NOT EXISTS btree_gist'
done
psql -v ON_ERROR_STOP=1 --username postgres \
  -c 'REVOKE ALL ON DATABASE postgres FROM PUBLIC' -c 'REVOKE ALL ON DATABASE template1 FROM PUBLIC'
