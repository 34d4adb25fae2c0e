#!/bin/sh
# Builds the images and runs them, and the compose example, with a Docker Engine of its own.
# SPDX-License-Identifier: BSD-2-Clause
#
#   tests/docker/run.sh
#
# Exit status: 0, 1, or 77 where no engine can be had, for the reason that is told. Some minutes, and 2 GB below /tmp
# while it runs. Nothing is left behind.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

skip() {
    echo "SKIPPED, nothing about images was tested: $1"
    exit 77
}

[ "$(id -u)" = 0 ] || skip 'an engine of our own needs root'
for tool in apt-get curl docker-compose ip iptables mmdebstrap openssl unshare; do
    command -v $tool >/dev/null || skip "there is no $tool; .ci/install docker installs it"
done
refused=$(unshare --mount --pid --net --fork --mount-proc true 2>&1) || skip "namespaces are not allowed here: $refused"

work=$(mktemp -d /tmp/spliced-docker.XXXXXX)
chmod 0711 "$work"
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 1' HUP INT PIPE TERM

began=$(date +%s)
took() {
    now=$(date +%s)
    echo "$1: $((now - began)) s"
    began=$now
}

# As the image of that name is made: nothing to read, nothing in other languages.
"$here/engine.sh" "$work" unpack >"$work/said" 2>&1 || skip "no engine: $(tail -n 1 "$work/said")"
mmdebstrap --quiet --variant=minbase --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    bookworm "$work/base.tar" >"$work/said" 2>&1 ||
    skip "no base image: $(tail -n 1 "$work/said")"
took 'engine and base image'

"$here/engine.sh" "$work" build sh -euc '
    docker import "$1" debian:bookworm-slim >/dev/null
    for target in slim scratch; do
        docker build --quiet --network host --file "$2/docker/Dockerfile" --target $target --tag spliced:$target "$2"
    done
    docker build --quiet --network host --tag spliced-service "$2/tests/docker/service"
' sh "$work/base.tar" "$root"
took 'images'

"$root/certs/throwaway.sh" "$work/certs" localhost
chown -R 65532:65532 "$work/certs"
failed=0
for part in images stop compose readme; do
    "$here/engine.sh" "$work" run "$here/test_$part.sh" "$work/certs" || failed=1
    took "tests of $part"
done
exit $failed
