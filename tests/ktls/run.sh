#!/bin/sh
# Runs tests that move bytes through TLS in a machine whose kernel seals TLS records (kTLS).
# SPDX-License-Identifier: BSD-2-Clause
#
#   tests/ktls/run.sh [BUILD]        BUILD: the build folder, default "build"
#
# Exit status: 0, 1, or 77 where no such machine can be had, for the reason that is told. Some minutes, and 100 MB below
# /tmp while it runs. Nothing is left behind.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:-build}/tests" && pwd)

skip() {
    echo "SKIPPED, nothing about kTLS was tested: $1"
    exit 77
}

[ "$(uname -m)" = x86_64 ] || skip "this knows Debian's kernel for x86_64 only"
for program in qemu-system-x86_64 busybox cpio apt-get dpkg-deb; do
    command -v $program >/dev/null || skip "$program is missing; .ci/install ktls"
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT PIPE TERM
"$here/machine.sh" "$dir" unpack >"$dir/unpacked" 2>&1 || skip "Debian's kernel cannot be fetched: $(tail -n 1 "$dir/unpacked")"

# A program and the suites that it runs; what they say of the kernel and of each test is told.
status=0
run() {
    echo "--- $*"
    "$here/machine.sh" "$dir" run timeout 400 "$@" >"$dir/told" || status=1
    grep -E '^\[kTLS|^  Test:|^ +[0-9]+\.|asserts|^Elapsed' "$dir/told" || { status=1; tail -n 20 "$dir/told"; }
}

# Debian 12's kernel also serves sockets for one connection after the other, and tells what became of them.
run "$build/proxy/test_proxy" spares dialer splice splice_ends gate calls kernel
run "$build/proxy/test_proxy" ktls tls_handshake tls_abuse tls_sessions flow_sockets
grep -q '^\[kTLS: the kernel seals\]' "$dir/told" || { echo 'the kernel of that machine does not seal'; status=1; }
run "$build/daemon/test_daemon" ktls terminate halfclose reset upstream_tls tap real
exit $status
