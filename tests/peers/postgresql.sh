#!/bin/sh
# PostgreSQL behind spliced: pgbench in clear, through a chain that speaks TLS between, and with PostgreSQL's own TLS
# passed through untouched; psql's COPY of much data both ways.
# SPDX-License-Identifier: BSD-2-Clause
set -eu
. "$(dirname "$0")/stand.sh"
programs=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)
[ -n "$programs" ] || skip 'there is no PostgreSQL; .ci/install peers installs it'
[ "$(id -u)" = 0 ] || skip 'PostgreSQL is started as a user of its own, which needs root'
export PATH="$programs:$PATH" PGUSER=postgres PGDATABASE=postgres PGCONNECT_TIMEOUT=20

as_postgres() {
    setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
}

data=$work/data
install -d -o postgres -m 0700 "$data"
as_postgres initdb -D "$data" --auth=trust --no-sync >"$work/initdb.log" 2>&1
install -o postgres -m 0600 "$work/localhost.crt" "$data/server.crt"
install -o postgres -m 0600 "$work/localhost.key" "$data/server.key"
install -d -o postgres "$work/run"
service=$(free_port)
start postgres as_postgres postgres -D "$data" -p "$service" -c listen_addresses=127.0.0.1 -c "unix_socket_directories=$work/run" -c fsync=off \
    -c ssl=on -c max_connections=50
eventually 30 pg_isready -q -h 127.0.0.1 -p "$service"
stand_before "127.0.0.1:$service"
pgbench -i -q -s 1 -h 127.0.0.1 -p "$service" >"$work/fill.log" 2>&1

# rate HOST PORT ARGUMENT...: transactions a second; fails unless all of them succeeded.
rate() {
    host=$1 port=$2
    shift 2
    pgbench -h "$host" -p "$port" -n -c 8 -j 2 "$@" >"$work/bench" 2>&1
    grep -q 'number of failed transactions: 0 ' "$work/bench"
    sed -n 's/^tps = \([0-9]*\)\..*/\1/p' "$work/bench"
}

# amount SECONDS TRANSACTIONS: how much each client does, in the long form and in the short one.
amount() {
    if [ -n "$long" ]; then echo "-T $1"; else echo "-t $2"; fi
}

# The same work on every way, in clear.
bench() {
    directly=$(PGSSLMODE=disable rate 127.0.0.1 "$service" "$@")
    for way in plain chain; do
        eval "port=\$$way"
        through=$(PGSSLMODE=disable rate 127.0.0.1 "$port" "$@")
        note "pgbench $*: $through transactions a second through $way, $directly directly"
    done
}

every_transaction_succeeds() {
    bench $(amount 20 100)
}

every_query_succeeds_in_each_protocol() {
    for mode in simple extended prepared; do
        bench -S -M $mode $(amount 10 200)
    done
}

a_connection_for_every_transaction_succeeds() {
    bench -S -C $(amount 10 20)
}

the_services_own_tls_passes_untouched() {
    export PGSSLMODE=verify-full PGSSLROOTCERT="$authority"
    psql -h localhost -p "$plain" -Atc 'select ssl from pg_stat_ssl where pid = pg_backend_pid()' | grep -qx t
    through=$(rate localhost "$plain" -S $(amount 10 100))
    note "pgbench with PostgreSQL's own TLS through plain: $through transactions a second"
}

much_data_is_copied_both_ways() {
    rows=200000
    [ -z "$long" ] || rows=5000000
    for port in "$plain" "$chain"; do
        export PGSSLMODE=disable
        psql -q -h 127.0.0.1 -p "$port" -c 'create table if not exists copied (line text); truncate copied'
        seq "$rows" >"$work/lines"
        psql -q -h 127.0.0.1 -p "$port" -c '\copy copied from stdin' <"$work/lines"
        psql -q -h 127.0.0.1 -p "$port" -c '\copy copied to stdout' | cmp - "$work/lines"
    done
}

claim every_transaction_succeeds
claim every_query_succeeds_in_each_protocol
claim a_connection_for_every_transaction_succeeds
claim the_services_own_tls_passes_untouched
claim much_data_is_copied_both_ways
conclude_stand
