#!/bin/sh
# HTTP/2 behind spliced: ALPN h2 towards clients, nginx speaks it in clear behind.
# SPDX-License-Identifier: BSD-2-Clause
set -eu
. "$(dirname "$0")/stand.sh"
needs nginx-light nginx
needs nghttp2-client h2load
needs curl curl

mkdir "$work/www"
head -c 3000 /dev/urandom >"$work/www/small"
head -c 8000000 /dev/urandom >"$work/www/large"
chmod -R a+rX "$work/www"
cat >"$work/nginx.conf" <<END
daemon off; worker_processes 1; pid nginx.pid; error_log stderr;
events { worker_connections 512; }
http {
    access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
    server { listen unix:$work/nginx.sock http2; root $work/www; }
}
END
start nginx nginx -p "$work" -c nginx.conf -e stderr
eventually 10 test -S "$work/nginx.sock"
stand_before "unix:$work/nginx.sock" '"h2"'

fetch() {
    curl --silent --show-error --fail --max-time 60 --cacert "$authority" --write-out '%{http_version} %{num_connects}' "$@"
}

curl_agrees_on_h2_by_alpn() {
    [ "$(fetch --output "$work/got" "https://localhost:$tls/large")" = '2 1' ]
    cmp "$work/got" "$work/www/large"
    [ "$("$splicectl" -s "unix:$work/far.sock" raw GET '/v1/listeners/tls' | grep -c '"accepted":1,')" = 1 ]
}

h2_in_clear_passes_too() {
    for port in "$plain" "$chain"; do
        [ "$(fetch --http2-prior-knowledge --output "$work/got" "http://localhost:$port/large")" = '2 1' ]
        cmp "$work/got" "$work/www/large"
    done
}

# Whoever insists on another protocol is told so in the handshake (RFC 7301, section 3.2).
who_does_not_speak_h2_is_told_in_the_handshake() {
    openssl s_client -connect "127.0.0.1:$tls" -alpn http/1.1 </dev/null >"$work/alpn" 2>&1 || :
    grep -q 'no application protocol' "$work/alpn"
    openssl s_client -connect "127.0.0.1:$tls" -alpn h2 </dev/null 2>/dev/null | grep -q 'ALPN protocol: h2'
}

every_request_of_a_load_succeeds() {
    requests=1000
    [ -z "$long" ] || requests=100000
    for where in "https://localhost:$tls" "http://localhost:$plain" "http://localhost:$chain"; do
        h2load --requests=$requests --clients=10 --max-concurrent-streams=20 "$where/small" >"$work/load"
        grep -q "requests: $requests total, $requests started, $requests done, $requests succeeded, 0 failed" "$work/load"
        note "$where: $(grep '^finished' "$work/load")"
    done
}

claim curl_agrees_on_h2_by_alpn
claim h2_in_clear_passes_too
claim who_does_not_speak_h2_is_told_in_the_handshake
claim every_request_of_a_load_succeeds
conclude_stand
