#!/usr/bin/env bash
# What the Postgres image's entrypoint does with the settings docker-compose.yml gives it: makes the cluster on the
# first start and runs the scripts of /docker-entrypoint-initdb.d against a server nobody else reaches.
set -euo pipefail
export PGDATA=/var/lib/postgresql/18/docker

if [ "$(id -u)" = 0 ]; then
  install --directory --owner postgres --group postgres --mode 0700 "$PGDATA"
  exec setpriv --reuid postgres --regid postgres --clear-groups "$0" "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  # The arguments are one string in the environment, as the official image takes them.
  eval "initdb --username=postgres --pwfile=<(printf '%s\n' \"\$POSTGRES_PASSWORD\") --no-instructions $POSTGRES_INITDB_ARGS"
  printf "listen_addresses = '*'\nunix_socket_directories = '%s'\n" "$PGHOST" >> "$PGDATA/postgresql.conf"
  printf 'host all all all scram-sha-256\n' >> "$PGDATA/pg_hba.conf"
  pg_ctl --pgdata "$PGDATA" --wait --options "-c listen_addresses=''" start
  for script in /docker-entrypoint-initdb.d/*.sh; do
    "$script"
  done
  pg_ctl --pgdata "$PGDATA" --wait --mode fast stop
fi
exec "$@"
