#!/bin/sh
# Tests of the images: what they hold, how they are set up, whether they run with next to nothing and tell their health.
# SPDX-License-Identifier: BSD-2-Clause
#
#   tests/docker/test_images.sh CERTS       where docker has spliced:slim and spliced:scratch, and CERTS is a folder of
#                                           certs/throwaway.sh whose keys user 65532 may read
set -eu
certs=$1
. "$(dirname "$0")/claims.sh"

both_images_are_set_up_alike() {
    for member in User Env ExposedPorts Healthcheck Entrypoint Cmd; do
        template="{{json .Config.$member}}"
        [ "$(inspect spliced:slim "$template")" = "$(inspect spliced:scratch "$template")" ]
    done
    [ "$(inspect spliced:scratch '{{.Config.User}}')" = 65532:65532 ]
    inspect spliced:scratch '{{json .Config.Healthcheck.Test}}' | grep -q '"/usr/local/bin/spliced","healthcheck"'
}

scratch_holds_what_it_runs_and_nothing_else() {
    docker create --name bare spliced:scratch
    docker export bare | tar -t | grep -v '/$' >"$certs/files"
    remove bare
    for wanted in usr/local/bin/spliced usr/local/bin/splicectl usr/lib/ssl/cert.pem etc/spliced/spliced.json; do
        grep -qx "$wanted" "$certs/files"
    done
    # The last line is what the engine lays into every container.
    not grep -vx \
        -e 'usr/local/bin/\(spliced\|splicectl\)' -e 'etc/spliced/spliced.json' \
        -e 'lib[0-9]*/\([a-z0-9_]*-linux-[a-z0-9]*/\)\?[a-z0-9_+-]*\.so\(\.[0-9]*\)*' -e 'usr/lib/ssl/cert.pem' \
        -e '\.dockerenv' -e 'dev/console' -e 'etc/\(hostname\|hosts\|resolv\.conf\|mtab\)' "$certs/files"
}

# And its authorities are found: upstreams are verified with them.
the_sample_is_a_good_configuration() {
    docker run --rm --read-only --volume "$certs/localhost.crt:/etc/spliced/certs/web.crt:ro" \
        --volume "$certs/localhost.key:/etc/spliced/certs/web.key:ro" --env SPLICED_CONFIG=/etc/spliced/spliced.json \
        "$1" --check
    echo '{ "listeners": [ { "name": "a", "address": "*:8000", "upstream": "b" } ],
            "upstreams": [ { "name": "b", "servers": [ "b:443" ], "tls": {} } ] }' >"$certs/verifying.json"
    docker run --rm --read-only --volume "$certs/verifying.json:/verifying.json:ro" "$1" --check -c /verifying.json
}

it_begins_as_a_demo() {
    confine demo --tmpfs /tmp "$1"
    eventually 20 is_healthy demo
    curl --silent --show-error --fail --insecure --max-time 10 "https://$(address_of demo):8443/"
    admin demo status | grep -q ready
    remove demo
}

status_of() {
    sed -n "s/^$2:[[:space:]]*//p" "/proc/$(inspect "$1" '{{.State.Pid}}')/status"
}

the_environment_describes_it_and_it_needs_no_rights() {
    confine quick --volume "$certs:/certs:ro" --env SPLICED_CERT=/certs/localhost.crt \
        --env SPLICED_KEY=/certs/localhost.key "$1"
    eventually 20 is_healthy quick
    ask quick /
    [ "$(status_of quick Uid | tr '\t' ' ')" = '65532 65532 65532 65532' ]
    [ "$(status_of quick NoNewPrivs)" = 1 ]
    [ "$(status_of quick Seccomp)" = 2 ]
    for set in CapInh CapPrm CapEff CapBnd CapAmb; do
        [ "$(status_of quick $set)" = 0000000000000000 ]
    done
    docker diff quick >"$certs/changes"
    not grep -v '^[CA] /\(certs\|dev\)' "$certs/changes"
    remove quick
}

# Privileged ports too: Docker lets everybody have them.
a_file_describes_it() {
    echo '{ "listeners": [ { "name": "web", "address": "*:443", "upstream": "@demo" } ], "upstreams": [],
            "admin": { "listen": [ { "address": "unix:/run/spliced/admin.sock" } ] } }' >"$certs/file.json"
    confine file --volume "$certs/file.json:/file.json:ro" --env SPLICED_CONFIG=/file.json \
        --tmpfs /run/spliced:uid=65532 "$1"
    eventually 20 is_healthy file
    curl --silent --show-error --fail --max-time 10 "http://$(address_of file):443/"
    docker exec --env SPLICED_ADMIN= file /usr/local/bin/splicectl listeners web
    remove file
}

health_turns_with_the_process() {
    confine health --tmpfs /tmp --health-retries 1 "$1"
    eventually 20 is_healthy health
    docker kill --signal STOP health
    eventually 30 is_unhealthy health
    inspect health '{{range .State.Health.Log}}{{println .ExitCode .Output}}{{end}}' | grep -q '^1 spliced: '
    docker kill --signal CONT health
    eventually 30 is_healthy health
    remove health
}

what_is_wrong_is_told_and_ends_it() {
    status=0
    docker run --rm --read-only --env SPLICED_LISTEN=nowhere "$1" 2>"$certs/wrong" || status=$?
    [ "$status" = 3 ]
    grep -q address "$certs/wrong"
}

echo "sizes: debian:bookworm-slim $(inspect debian:bookworm-slim '{{.Size}}')," \
    "slim $(inspect spliced:slim '{{.Size}}'), scratch $(inspect spliced:scratch '{{.Size}}') bytes"
claim both_images_are_set_up_alike
claim scratch_holds_what_it_runs_and_nothing_else
for image in spliced:slim spliced:scratch; do
    claim the_sample_is_a_good_configuration $image
    claim it_begins_as_a_demo $image
    claim the_environment_describes_it_and_it_needs_no_rights $image
    claim a_file_describes_it $image
    claim health_turns_with_the_process $image
    claim what_is_wrong_is_told_and_ends_it $image
done
conclude
