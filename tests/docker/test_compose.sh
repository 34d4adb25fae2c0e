#!/bin/sh
# Tests of docker/compose.yaml: TLS in front of a service, as README says.
# SPDX-License-Identifier: BSD-2-Clause
#
#   tests/docker/test_compose.sh CERTS      as test_stop.sh
set -eu
certs=$1
here=$(dirname "$0")
. "$here/claims.sh"
export CERTIFICATE="$certs/localhost.crt" KEY="$certs/localhost.key" SERVICE_IMAGE=spliced-service

compose() {
    docker-compose --ansi never --project-name example --file "$here/../../docker/compose.yaml" "$@"
}

it_starts_when_its_service_is_healthy() {
    compose up --detach --no-build
    is_healthy example_service_1
    healthy=$(inspect example_service_1 '{{range .State.Health.Log}}{{if eq .ExitCode 0}}{{.End.UnixNano}}
{{end}}{{end}}' | head -n 1)
    started=$(date -d "$(inspect example_spliced_1 '{{.State.StartedAt}}')" +%s%N)
    [ "$healthy" -lt "$started" ]
    eventually 30 is_healthy example_spliced_1
}

it_answers_through_tls_with_the_certificate_of_its_secret() {
    curl --silent --show-error --fail --max-time 10 --cacert "$certs/ca.crt" https://localhost:8443/ |
        grep -q 'a page of the service'
    openssl s_client -connect 127.0.0.1:8443 </dev/null 2>/dev/null |
        openssl x509 -noout -fingerprint -sha256 >"$certs/shown"
    openssl x509 -in "$certs/localhost.crt" -noout -fingerprint -sha256 | cmp - "$certs/shown"
}

the_service_is_reached_no_other_way() {
    [ -z "$(docker port example_service_1)" ]
    [ "$(inspect example_inside '{{.Internal}}')" = true ]
}

another_container_looks_in_through_the_socket() {
    compose run --rm splicectl listeners quick
    compose run --rm splicectl --output json upstreams quick | grep -q service:8080
}

everything_is_confined() {
    limits='{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}}'
    for container in example_service_1 example_spliced_1; do
        [ "$(inspect $container "$limits")" = 'true [ALL] [no-new-privileges:true]' ]
    done
    inspect example_spliced_1 '{{json .Config}}{{json .HostConfig}}' >"$certs/told"
    not grep -q 'PRIVATE KEY' "$certs/told"
}

it_ends_well() {
    compose stop
    [ "$(inspect example_spliced_1 '{{.State.ExitCode}}')" = 0 ]
    compose down --volumes
    [ -z "$(docker ps --all --quiet --filter name=example)" ]
}

claim it_starts_when_its_service_is_healthy
claim it_answers_through_tls_with_the_certificate_of_its_secret
claim the_service_is_reached_no_other_way
claim another_container_looks_in_through_the_socket
claim everything_is_confined
claim it_ends_well
conclude
