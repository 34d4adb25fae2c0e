#!/bin/sh
# memcached behind spliced: what its own conformance test says, and a load of its own tool.
# SPDX-License-Identifier: BSD-2-Clause
set -eu
. "$(dirname "$0")/stand.sh"
needs memcached memcached
needs libmemcached-tools memccapable memcslap memccp memccat cmp

install -d -m 0777 "$work/ports"
export MEMCACHED_PORT_FILENAME="$work/ports/memcached"
start memcached memcached -l 127.0.0.1 -p -1 -U 0 -I 8m -u nobody
eventually 10 test -s "$MEMCACHED_PORT_FILENAME"
direct=$(sed -n 's/^TCP INET: //p' "$MEMCACHED_PORT_FILENAME")
stand_before "127.0.0.1:$direct"

# memccapable asks every command of both protocols; what it finds directly it has to find on every way.
conform() {
    memccapable -h 127.0.0.1 -p "$1" -t 10 >"$work/$2" 2>&1 || :
}

every_command_answers_as_it_does_directly() {
    conform "$direct" conform.direct
    [ "$(grep -c pass "$work/conform.direct")" -ge 20 ]
    for way in plain chain; do
        eval "port=\$$way"
        conform "$port" "conform.$way"
        cmp "$work/conform.direct" "$work/conform.$way"
    done
}

many_sets_and_gets_succeed() {
    number=500
    [ -z "$long" ] || number=20000
    for port in "$plain" "$chain"; do
        for test in set get mget; do
            memcslap --servers="127.0.0.1:$port" --concurrency=8 --execute-number=$number --test=$test --flush
        done
    done
}

a_large_value_comes_back_as_it_went() {
    head -c 4000000 /dev/urandom >"$work/large"
    for port in "$plain" "$chain"; do
        (cd "$work" && memccp --servers="127.0.0.1:$port" large)
        memccat --servers="127.0.0.1:$port" large | head -c 4000000 | cmp - "$work/large"
    done
}

claim every_command_answers_as_it_does_directly
claim many_sets_and_gets_succeed
claim a_large_value_comes_back_as_it_went
conclude_stand
