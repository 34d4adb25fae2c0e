#!/bin/sh
# Tests of spliced as the first process of a container: it hears every signal, drains, and buries whom it is left.
# SPDX-License-Identifier: BSD-2-Clause
#
#   tests/docker/test_stop.sh CERTS         as test_images.sh; docker has the image spliced-service too
set -eu
certs=$1
. "$(dirname "$0")/claims.sh"

describe_one_at_a_time() {
    echo '{ "listeners": [ { "name": "web", "address": "*:8443", "upstream": "service", "max_connections": 1,
                "tls": { "certificates": [ { "chain": "/certs/localhost.crt", "key": "/certs/localhost.key" } ] } } ],
            "upstreams": [ { "name": "service", "servers": [ "service:8080" ] } ],
            "admin": { "listen": [ { "address": "127.0.0.1:9902" } ] } }'
}

# One client is in the middle of a transfer, a second waits in the kernel's queue, a third comes too late.
a_stop_lets_transfers_end_and_serves_who_waits() {
    describe_one_at_a_time >"$certs/stop.json"
    docker network create stop
    docker run --detach --name service --network stop --tmpfs /tmp spliced-service
    confine stop --network stop --volume "$certs:/certs:ro" --env SPLICED_CONFIG=/certs/stop.json "$1"
    eventually 20 is_healthy stop
    docker exec service sha256sum /srv/www/large | cut -d ' ' -f 1 >"$certs/sent"

    ask stop /large --limit-rate 3M >"$certs/large" &
    transfer=$!
    eventually 20 admin stop wait 'splices>=1'
    ask stop / >"$certs/page" &
    waiting=$!
    eventually 20 admin stop wait queue web 'depth>=1'
    docker stop --time 60 stop &
    stopping=$!
    eventually 10 admin stop wait not-ready
    docker exec stop /usr/local/bin/spliced healthcheck
    not docker exec stop /usr/local/bin/spliced healthcheck --ready
    not ask stop / --connect-timeout 1
    kill -0 $transfer

    wait $transfer
    wait $waiting
    wait $stopping
    [ "$(inspect stop '{{.State.ExitCode}}')" = 0 ]
    sha256sum "$certs/large" | grep -q "^$(cat "$certs/sent") "
    grep -q 'a page of the service' "$certs/page"
    remove stop service
    docker network rm stop
}

# It is still reading its configuration, from a pipe, when it is told to end. (A health check would read from it too.)
a_signal_before_it_is_ready_is_heard() {
    mkfifo -m 0644 "$certs/pipe"
    confine early --health-interval 1h --volume "$certs/pipe:/pipe:ro" --env SPLICED_CONFIG=/pipe "$1"
    eventually 20 grep -q spliced "/proc/$(inspect early '{{.State.Pid}}')/comm"
    eventually 20 grep -q '^State:.*sleeping' "/proc/$(inspect early '{{.State.Pid}}')/status"
    docker kill --signal TERM early
    [ "$(inspect early '{{.State.Status}}')" = running ]
    echo '{ "listeners": [ { "name": "a", "address": "*:8000", "upstream": "b" } ],
            "upstreams": [ { "name": "b", "servers": [ "@demo" ] } ] }' >"$certs/pipe"
    [ "$(timeout 20 docker wait early)" = 0 ]
    remove early
}

# The parent and the state of each process of a container that sleeps.
sleepers() {
    docker exec "$1" sh -c 'grep -ls "^Name:.sleep$" /proc/[0-9]*/status | xargs -r grep -hs -e "^PPid:" -e "^State:"'
}

has_no_sleeper() {
    [ -z "$(sleepers "$1")" ]
}

orphans_leave_nothing_behind() {
    confine orphans --tmpfs /tmp "$1"
    eventually 20 is_healthy orphans
    docker exec orphans sh -c 'sleep 3 & sleep 3 &'
    [ "$(sleepers orphans | grep -cx 'PPid:.1')" = 2 ]
    eventually 20 has_no_sleeper orphans
    remove orphans
}

for image in spliced:slim spliced:scratch; do
    claim a_stop_lets_transfers_end_and_serves_who_waits $image
done
claim a_signal_before_it_is_ready_is_heard spliced:scratch
claim orphans_leave_nothing_behind spliced:slim
conclude
