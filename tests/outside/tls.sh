#!/bin/sh
# Lets programs of others judge a TLS listener with all its defaults: testssl.sh, sslscan, gnutls-cli-debug, tlsfuzzer.
# SPDX-License-Identifier: BSD-2-Clause
#
#   tests/outside/tls.sh [BUILD]        BUILD: the build folder, default "build"
#
# Takes minutes. Programs that are not installed are passed over (Debian: testssl.sh sslscan gnutls-bin); tlsfuzzer is
# run where TLSFUZZER names a folder with its checkouts (see tlsfuzzer.py). What they say stays in BUILD/outside.
#
# Fails when testssl finds anything above LOW that is not about the throw-away certificate (30 days, no revocation
# service), when sslscan sees an old version or a weak cipher, when tlsfuzzer passes fewer scripts with the listener than
# with `openssl s_server` of the same library and the same policy, by more than those that differ on purpose, or when a
# script fails that tlsfuzzer.md does not explain.
#
# gnutls-cli-debug is there to be read. It says "no" for P-256 and P-384, since it offers X25519 as well and we prefer
# that: sslscan tells that they are spoken.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:-build}" && pwd)
certs=$build/outside/certs
mkdir -p "$build/outside"
cd "$build/outside"
"$here/../../certs/throwaway.sh" "$certs" localhost

pids=
trap 'for pid in $pids; do kill "$pid" 2>/dev/null || true; done' EXIT
trap 'exit 1' HUP INT PIPE TERM
failed=0

say() {
    echo "tls.sh: $*"
}

# The suites and groups of the default policy, as OpenSSL names them.
ciphers=ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384
ciphers=$ciphers:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305
groups=X25519:P-256:P-384

# The suites and groups of a wide policy, for scripts that come to no point with ours.
wide_suites=TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256
wide_groups=X25519:P-256:X448:P-521:P-384:ffdhe2048:ffdhe3072:ffdhe4096:ffdhe6144:ffdhe8192

# start_listener MEMBERS FILE...: a listener with these certificates and members of its tls in front of the demo; its port
# is in $port afterwards.
start_listener() {
    list= members=$1
    shift
    for file in "$@"; do
        list="$list${list:+,}{\"chain\":\"$certs/$file.crt\",\"key\":\"$certs/$file.key\"}"
    done
    rm -f admin.sock
    cat >spliced.json <<END
{"listeners":[{"name":"web","address":"127.0.0.1:0","upstream":"@demo","tls":{"certificates":[$list]$members}}],
 "upstreams":[],"admin":{"listen":[{"address":"unix:$PWD/admin.sock"}]}}
END
    "$build/spliced" -c spliced.json >spliced.log 2>&1 &
    pids="$pids $!"
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        sleep 1
        port=$(curl -sf --unix-socket admin.sock http://spliced/v1/listeners/web | sed -n 's/.*"address":"127\.0\.0\.1:\([0-9]*\)".*/\1/p')
        [ -z "$port" ] || return 0
    done
    say "spliced does not start: $PWD/spliced.log"
    exit 1
}

judge_testssl() {
    rm -f testssl.json
    testssl --quiet --warnings off --color 0 --add-ca "$certs/ca.crt" --severity MEDIUM --jsonfile testssl.json \
        "localhost:$port" >testssl.txt 2>&1 || true
    [ -s testssl.txt ] && [ -f testssl.json ] || { say "testssl said nothing" && failed=1; }
    sed -n 's/.*"id" *: *"\([^"]*\)".*/\1/p' testssl.json |
        grep -vE '^(cert_|engine_problem|scanProblem$)' >testssl.findings || true
    if [ -s testssl.findings ]; then
        say "testssl found above LOW: $(tr '\n' ' ' <testssl.findings)"
        failed=1
    fi
}

judge_sslscan() {
    sslscan --no-colour "localhost:$port" >sslscan.txt 2>&1 || true
    grep -q '^TLSv1.3 *enabled' sslscan.txt || { say "sslscan sees no TLS 1.3" && failed=1; }
    if grep -E '^(SSLv2|SSLv3|TLSv1\.0|TLSv1\.1) *enabled|^(Accepted|Preferred).* (CBC|RC4|3DES|NULL|AES(128|256)-SHA)' sslscan.txt; then
        say "sslscan sees what should not be there"
        failed=1
    fi
}

# pass_count FILE
pass_count() {
    sed -n 's/^\([0-9]*\) of [0-9]* pass whole$/\1/p' "$1"
}

# compare POLICY LESS MEMBERS ARGUMENT...: tlsfuzzer with a listener of these members, and beside it with `openssl s_server`
# and these arguments; LESS scripts may pass with that and not with ours.
compare() {
    policy=$1 less=$2
    start_listener "$3" plain
    shift 3
    openssl s_server -accept 127.0.0.1:0 -cert "$certs/plain.crt" -key "$certs/plain.key" -www \
        -no_tls1 -no_tls1_1 "$@" >s_server.log 2>&1 &
    pids="$pids $!"
    sleep 2
    their_port=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' s_server.log)
    if [ -z "$their_port" ]; then
        say "openssl s_server does not start: $PWD/s_server.log"
        exit 1
    fi
    python3 "$here/tlsfuzzer.py" "$TLSFUZZER" "$their_port" >"tlsfuzzer.$policy.theirs.txt" &
    their_run=$!
    python3 "$here/tlsfuzzer.py" "$TLSFUZZER" "$port" >"tlsfuzzer.$policy.ours.txt"
    wait "$their_run"
    ours=$(pass_count "tlsfuzzer.$policy.ours.txt") theirs=$(pass_count "tlsfuzzer.$policy.theirs.txt")
    say "tlsfuzzer, $policy policy: $ours scripts pass whole with spliced, $theirs with openssl s_server"
    [ "$ours" -ge $((theirs - less)) ] || failed=1
}

# Names of scripts that fail and have no line in tlsfuzzer.md.
unexplained() {
    sed -n 's/^fail\t[0-9]*\t[0-9]*\t\(test-[A-Za-z0-9_-]*\)\.py.*/\1/p' "$1" | sort -u | while read -r script; do
        grep -q "^|.*\<$script[ ,]" "$here/tlsfuzzer.md" || echo "$script"
    done
}

judge_tlsfuzzer() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$certs/plain.key" -out "$certs/plain.crt" -days 30 \
        -subj /CN=localhost 2>/dev/null
    # On purpose: one ticket where two are expected; and the demo takes no request of 16 KiB.
    compare wide 2 ",\"ciphers\":\"ALL:@SECLEVEL=0\",\"ciphersuites\":\"$wide_suites\",\"groups\":\"$wide_groups\"" \
        -cipher ALL:@SECLEVEL=0 -ciphersuites "$wide_suites" -groups "$wide_groups"
    unexplained tlsfuzzer.wide.ours.txt >tlsfuzzer.unexplained
    if [ -s tlsfuzzer.unexplained ]; then
        say "tlsfuzzer: these fail, and nobody says why: $(tr '\n' ' ' <tlsfuzzer.unexplained)"
        failed=1
    fi
    compare default 1 "" -cipher "$ciphers" -groups "$groups"
}

start_listener "" localhost localhost-rsa
for program in testssl sslscan; do
    if command -v "$program" >/dev/null; then
        "judge_$program"
    else
        say "$program is not installed"
    fi
done
if command -v gnutls-cli-debug >/dev/null; then
    gnutls-cli-debug -p "$port" localhost >gnutls.txt 2>&1 || true
fi
if [ -n "${TLSFUZZER:-}" ]; then
    judge_tlsfuzzer
fi
[ "$failed" = 0 ] && say "well; what they said is in $PWD"
exit "$failed"
