#!/bin/sh
# A throw-away Docker Engine, from Debian's packages unpacked, not installed: nothing of the machine's own is touched.
# SPDX-License-Identifier: BSD-2-Clause
#
#   tests/docker/engine.sh DIR unpack             fetches the programs into DIR
#   tests/docker/engine.sh DIR build COMMAND...   runs COMMAND beside an engine with the machine's network, for builds
#   tests/docker/engine.sh DIR run COMMAND...     runs COMMAND beside one with a network of its own, for containers
#
# COMMAND finds `docker` and `docker-compose` set up. The engine, the command and every container live in namespaces
# that end with this script, however it ends. Needs root, and of .ci/install docker: iptables, iproute2, util-linux.
set -eu
dir=$1 mode=$2
shift 2
case $mode in
unpack)
    cd "$dir"
    apt-get download -qq docker.io containerd runc
    for package in *.deb; do
        dpkg-deb -x "$package" programs
        rm "$package"
    done
    exit 0
    ;;
build) network='' options='--bridge=none --iptables=false --ip6tables=false' ;;
run) network=--net options= ;;
*)
    echo "usage: $0 DIR unpack|build|run [COMMAND...]" >&2
    exit 2
    ;;
esac

# Each container has its groups below this one, so that they can be told from those of others.
groups=spliced-docker-$$
status=0
unshare --mount --pid --fork --kill-child --mount-proc $network --propagation private sh -euc '
    dir=$1 groups=$2 options=$3
    shift 3
    # Of a machine with both generations of control groups Docker is to see the first alone.
    ! mountpoint -q /sys/fs/cgroup/unified || umount /sys/fs/cgroup/unified
    ip link set lo up
    export PATH="$dir/programs/usr/bin:$dir/programs/usr/sbin:$PATH"
    export DOCKER_HOST="unix://$dir/engine.sock" DOCKER_CONFIG="$dir/client" DOCKER_BUILDKIT=1
    dockerd --host "$DOCKER_HOST" --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/engine.pid" \
        --cgroup-parent "/$groups" --oom-score-adjust 0 $options >>"$dir/engine.log" 2>&1 &
    engine=$!
    tries=0
    until docker version >/dev/null 2>&1; do
        tries=$((tries + 1))
        if [ "$tries" -gt 60 ] || ! kill -0 "$engine"; then
            tail -n 20 "$dir/engine.log" >&2
            exit 1
        fi
        sleep 0.5
    done
    status=0
    "$@" || status=$?
    kill "$engine"
    wait "$engine" || :
    exit "$status"
' sh "$dir" "$groups" "$options" "$@" || status=$?
find /sys/fs/cgroup -depth -type d -path "*/$groups*" -exec rmdir {} + 2>/dev/null || :
exit "$status"
