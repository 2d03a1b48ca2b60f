#!/bin/sh
# The first start makes a database. Like the official entrypoint, it writes to /tmp: a user that has no name gets one there, since
# initdb refuses a user without; and its server listens on the socket alone until the database is complete.
set -eu
password=$(cat "$POSTGRES_PASSWORD_FILE")
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  names=$(mktemp -d)
  echo "postgres:x:$(id -u):$(id -g):PostgreSQL:$PGDATA:/bin/false" > "$names/passwd"
  echo "postgres:x:$(id -g):" > "$names/group"
  export NSS_WRAPPER_PASSWD="$names/passwd" NSS_WRAPPER_GROUP="$names/group"
  export LD_PRELOAD=$(find /usr/lib -name 'libnss_wrapper.so' | head -n 1)
  echo "$password" > "$names/password"
  mkdir -p "$PGDATA"
  initdb --username="$POSTGRES_USER" --pwfile="$names/password" --auth-host=scram-sha-256
  printf "listen_addresses = '*'\nunix_socket_directories = '/var/run/postgresql'\n" >> "$PGDATA/postgresql.conf"
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  # postgres in its single-user mode takes SQL on standard input.
  if [ "$POSTGRES_DB" != postgres ]; then
    echo "CREATE DATABASE \"$POSTGRES_DB\"" | postgres --single -D "$PGDATA" postgres >/dev/null
  fi
  unset LD_PRELOAD NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP
  rm -r "$names"
fi
# A kubelet that mounts the volume again opens its folders to the group, which the server refuses.
chmod 700 "$PGDATA"
exec "$@" -D "$PGDATA"
