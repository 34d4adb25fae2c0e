#!/bin/sh
# README's commands about Docker, each as it stands there, one after the other.
# SPDX-License-Identifier: BSD-2-Clause
#
#   tests/docker/test_readme.sh CERTS       as test_stop.sh; docker has built spliced:scratch before
set -eu
certs=$1
. "$(dirname "$0")/claims.sh"
root=$(cd "$(dirname "$0")/../.." && pwd)
tree=$(mktemp -d "$certs/tree.XXXXXX")
export SERVICE_IMAGE=spliced-service

each_command_works() {
    # A copy: the commands make certificates where they stand.
    tar -C "$root" --exclude './build*' --exclude ./.git -c . | tar -C "$tree" -x
    # All layers are there already, built with the machine's network.
    cat >"$tree/commands" <<'END'
docker() {
    case $1 in
    build) shift && command docker build --network host "$@" ;;
    *) command docker "$@" ;;
    esac
}
END
    sed -n '/^## Docker/,/^## /{/^```sh/,/^```/p}' "$root/README.md" | sed '/^```/d' >>"$tree/commands"
    grep -q '^docker build' "$tree/commands"
    grep -q '^docker-compose' "$tree/commands"
    cd "$tree"
    sh -ex ./commands
}

claim each_command_works
conclude
