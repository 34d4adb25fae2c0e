# What the tests of the images are written with; to be read in (.) by them, once $certs is set.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
certs=${certs:?names the folder of the certificates}
. "$(dirname "$0")/../claims.sh"

# What a failed claim leaves behind is shown, and must not fail the next.
clear_away() {
    for container in $(docker ps --all --format '{{.Names}}'); do
        echo "the last words of $container:"
        docker logs --tail 20 "$container" 2>&1
        docker rm --force --volumes "$container"
    done
    docker network prune --force
}

# confine NAME ARGUMENT...: a container with as little as spliced needs, in the background, often asked how it is.
confine() {
    name=$1
    shift
    docker run --detach --name "$name" --read-only --cap-drop ALL --security-opt no-new-privileges \
        --health-interval 500ms "$@"
}

# Removes containers, whatever they do.
remove() {
    docker rm --force --volumes "$@" >/dev/null
}

# inspect NAME TEMPLATE: one fact of a container or image.
inspect() {
    docker inspect --format "$2" "$1"
}

address_of() {
    inspect "$1" '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'
}

is_healthy() {
    [ "$(inspect "$1" '{{.State.Health.Status}}')" = healthy ]
}

is_unhealthy() {
    [ "$(inspect "$1" '{{.State.Health.Status}}')" = unhealthy ]
}

# ask NAME PATH [ARGUMENT of curl...]: through TLS, with whoever signs for $certs/localhost.crt as the only authority.
ask() {
    peer=$(address_of "$1")
    path=$2
    shift 2
    curl --silent --show-error --fail --max-time 60 --cacert "$certs/ca.crt" --connect-to "localhost:8443:$peer:8443" \
        "$@" "https://localhost:8443$path"
}

# admin NAME WORD...: what splicectl says inside.
admin() {
    container=$1
    shift
    docker exec "$container" /usr/local/bin/splicectl "$@"
}
