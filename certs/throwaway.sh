#!/bin/sh
# Makes throw-away certificates in a folder: a small authority, and server certificates that it signs.
# SPDX-License-Identifier: BSD-2-Clause
#
#   certs/throwaway.sh DIR [NAME...]
#
# Makes, unless they are there already, DIR/ca.crt and DIR/ca.key; then for each NAME (a DNS name, a wildcard
# such as '*.example.test', or an IP address; default: localhost, which also stands for 127.0.0.1 and ::1)
#
#   DIR/NAME.crt      leaf and authority, with a key of EC P-256      DIR/NAME.key
#   DIR/NAME-rsa.crt  the same with a key of RSA 2048 bits            DIR/NAME-rsa.key
#
# where a "*" in NAME becomes "_" in the file. Clients believe them with ca.crt: curl --cacert DIR/ca.crt ...
# For trying and testing: keys lie unencrypted, and nothing is valid for longer than 30 days.
set -eu
umask 077

if [ $# -lt 1 ]; then
    echo "usage: $0 DIR [NAME...]" >&2
    exit 2
fi
dir=$1
shift
[ $# -gt 0 ] || set -- localhost
mkdir -p "$dir"
work=$(mktemp -d "$dir/.work.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT PIPE TERM

# An empty configuration of our own: the system's may add what was not asked for.
printf '[req]\ndistinguished_name = name\n[name]\n' >"$work/openssl.cnf"

# Runs openssl quietly; what it says is shown only when it fails.
run() {
    openssl "$@" >"$work/said" 2>&1 || {
        echo "openssl $1 failed:" >&2
        cat "$work/said" >&2
        exit 1
    }
}

# key FILE ec|rsa
key() {
    case $2 in
    ec) run genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" ;;
    rsa) run genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$1" ;;
    esac
}

alternatives() {
    case $1 in
    localhost) echo 'DNS:localhost,IP:127.0.0.1,IP:::1' ;;
    *:*) echo "IP:$1" ;;
    *[!0-9.]*) echo "DNS:$1" ;;
    *) echo "IP:$1" ;;
    esac
}

# server NAME FILE ec|rsa
server() {
    key "$work/server.key" "$3"
    run req -new -config "$work/openssl.cnf" -key "$work/server.key" -subj "/CN=$1" -out "$work/server.csr"
    cat >"$work/server.ext" <<END
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth,clientAuth
subjectAltName = $(alternatives "$1")
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
END
    run x509 -req -in "$work/server.csr" -CA "$dir/ca.crt" -CAkey "$dir/ca.key" -days 30 -sha256 \
        -set_serial "0x$(openssl rand -hex 16 | sed 's/^./4/')" -extfile "$work/server.ext" -out "$work/server.crt"
    cat "$work/server.crt" "$dir/ca.crt" >"$work/chain.crt"
    mv "$work/server.key" "$dir/$2.key"
    mv "$work/chain.crt" "$dir/$2.crt"
}

if [ ! -f "$dir/ca.crt" ] || [ ! -f "$dir/ca.key" ]; then
    key "$work/ca.key" ec
    cat >>"$work/openssl.cnf" <<'END'
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
END
    run req -x509 -new -config "$work/openssl.cnf" -extensions authority -key "$work/ca.key" -days 30 -sha256 \
        -subj '/CN=spliced throw-away authority' -out "$work/ca.crt"
    mv "$work/ca.key" "$dir/ca.key"
    mv "$work/ca.crt" "$dir/ca.crt"
fi

for name in "$@"; do
    file=$(printf %s "$name" | tr '*/' '__')
    server "$name" "$file" ec
    server "$name" "$file-rsa" rsa
done
