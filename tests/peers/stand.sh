# What tests with real services are written with; to be read in (.) by them.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
#
# Two instances of spliced stand in front of a service: "far", with a plain and a TLS listener, and "near", with a plain
# listener whose client connections speak TLS with far's. So there are three ways to the service, at $plain, $tls and
# $chain, each a port on 127.0.0.1; $work is a folder that is removed in the end, and $authority vouches for
# "localhost". With SPLICED_LONG set the long forms run.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../claims.sh"
spliced=${SPLICED:?names the program to test}
splicectl=$(dirname "$spliced")/splicectl
long=${SPLICED_LONG:-}
exec 3>&1

# Says a figure, whatever becomes of the claim.
note() {
    echo "        $*" >&3
}

skip() {
    echo "SKIPPED, nothing was tested: $1"
    exit 77
}

# needs PACKAGE PROGRAM...: skips where one is missing.
needs() {
    package=$1
    shift
    for program; do
        command -v "$program" >/dev/null || skip "there is no $program ($package); .ci/install peers installs it"
    done
}

work=$(mktemp -d /tmp/spliced-peers.XXXXXX)
chmod 0755 "$work"

# Ends what was started, the last first, and tidies up. Nobody is given more than some seconds.
leave() {
    status=$?
    trap - EXIT
    set +e
    for child in $(tac "$work/children" 2>/dev/null); do
        kill "$child" 2>/dev/null
        for _ in $(seq 100); do
            kill -0 "$child" 2>/dev/null || break
            sleep 0.05
        done
        kill -9 "$child" 2>/dev/null
        wait "$child" 2>/dev/null
    done
    rm -rf --one-file-system "$work"
    exit $status
}
trap leave EXIT
trap 'exit 1' HUP INT PIPE TERM

# start NAME COMMAND...: in the background, with its output in $work/NAME.log; $child is its process.
start() {
    log=$work/$1.log
    shift
    "$@" >"$log" 2>&1 3>&- &
    child=$!
    echo "$child" >>"$work/children" # also of those that a claim starts, in its own shell
}

clear_away() {
    tail -n 8 "$work"/*.log
}

# A port of 127.0.0.1 that nobody listens at, for services that cannot choose one themselves.
free_port() {
    port=$((20000 + $$ % 10000))
    while [ -n "$(ss -ltnH "sport = :$port")" ]; do port=$((port + 1)); done
    echo "$port"
}

authority=$work/ca.crt
"$here/../../certs/throwaway.sh" "$work" localhost

# The port of a listener of an instance.
port_of() {
    "$splicectl" -s "unix:$work/$1.sock" raw GET "/v1/listeners/$2" | sed -n 's/.*"address":"127.0.0.1:\([0-9]*\)".*/\1/p'
}

# instance NAME DESCRIPTION: starts it and waits until it is ready.
instance() {
    printf '{%s, "admin": {"listen": [{"address": "unix:%s/%s.sock", "access": "write"}]},
"log": {"access": false}}' "$2" "$work" "$1" \
        >"$work/$1.json"
    start "$1" "$spliced" -c "$work/$1.json"
    eventually 10 "$splicectl" -s "unix:$work/$1.sock" wait ready --timeout 1s >/dev/null
    }

# stand_before SERVICE [ALPN]: opens the three ways to an address; ALPN is a list such as '"h2"'.
stand_before() {
    instance far "\"listeners\": [
        {\"name\": \"plain\", \"address\": \"127.0.0.1:0\", \"upstream\": \"service\"},
        {\"name\": \"tls\", \"address\": \"127.0.0.1:0\", \"upstream\": \"service\", \"tls\": {\"alpn\": [${2:-}],
         \"certificates\": [{\"chain\": \"$work/localhost.crt\", \"key\": \"$work/localhost.key\"}]}}],
        \"upstreams\": [{\"name\": \"service\", \"servers\": [\"$1\"]}]"
    far=$child
    plain=$(port_of far plain) tls=$(port_of far tls)
    instance near "\"listeners\": [{\"name\": \"chain\", \"address\": \"127.0.0.1:0\", \"upstream\": \"far\"}],
        \"upstreams\": [{\"name\": \"far\", \"servers\": [\"localhost:$tls\"],
        \"tls\": {\"ca\": \"$authority\", \"alpn\": [${2:-}]}}]"
    near=$child
    chain=$(port_of near chain)
}

no_splice_is_left_over() {
    for name in near far; do
        "$splicectl" -s "unix:$work/$name.sock" wait 'splices<=0' --timeout 10s
    done
}

both_instances_end_well() {
    [ "$near_status $far_status" = '0 0' ]
}

# The last claims of every file, and its exit status.
conclude_stand() {
    claim no_splice_is_left_over
    kill "$near" "$far"
    near_status=0 far_status=0
    wait "$near" || near_status=$?
    wait "$far" || far_status=$?
    claim both_instances_end_well
    conclude
}
