#!/bin/sh
# Installs what is missing, builds and runs all tests: plain, under AddressSanitizer and UndefinedBehaviorSanitizer, and
# those with threads under ThreadSanitizer.
# SPDX-License-Identifier: BSD-2-Clause
#
#   tests/run.sh          the short forms, some minutes
#   tests/run.sh long     after them the long forms: label "long", plain build
set -eu
cd "$(dirname "$0")/.."
.ci/install tests
.ci/install peers || echo 'services are missing: their tests say so and are skipped'
jobs=$(nproc)

# build FOLDER SANITIZERS
build() {
    cmake -S . -B "$1" -DBUILD_TESTING=ON -DWERROR=ON -DSANITIZE="$2" >/dev/null
    cmake --build "$1" -j"$jobs"
}

# ThreadSanitizer needs the addresses of a process where it expects them.
run() {
    folder=$1
    shift
    setarch "$(uname -m)" -R ctest --test-dir "$folder" --no-tests=error --output-on-failure -j"$jobs" "$@"
}

build build ''
run build -LE long
# The images, where an engine can be had; else this says why not.
.ci/install docker || :
run build -C docker -L docker --verbose
build build-asan address,undefined
run build-asan -LE 'long|house|manual'
build build-tsan thread
run build-tsan -L 'proxy|admin|daemon' -LE long
[ "${1:-}" != long ] || run build -C long -L long
