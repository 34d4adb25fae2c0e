#!/bin/sh
# Builds and tests in another Debian, with its compiler and its OpenSSL, libmicrohttpd and cJSON: in a folder of its own.
# SPDX-License-Identifier: BSD-2-Clause
#
#   tests/outside/debian.sh SUITE FOLDER [CTEST-ARGUMENTS]      e.g. trixie /var/tmp/trixie -R 'certs|proxy'
#
# As root; needs mmdebstrap. FOLDER is made where it is not there, from the mirror that this machine's apt uses, and kept:
# the next time only what has changed is built. Warnings are errors. Without arguments it runs what is short.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
if [ $# -lt 2 ]; then
    sed -n 's/^#   //p' "$0" >&2
    exit 2
fi
suite=$1 folder=$2
shift 2
[ $# -gt 0 ] || set -- -LE 'long|house'

if [ ! -e "$folder/usr/bin/gcc" ]; then
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1)
    packages=$(sed -n "s/^packages='\(.*\)'/\1/p; s/^ *more='\(libcunit1-dev .*\)'/\1/p" "$here/.ci/install" | head -n 2)
    keys=/usr/share/keyrings/debian-archive-keyring.gpg
    mmdebstrap --variant=minbase --include="$(echo $packages mandoc groff-base | tr ' ' ',' | sed 's/,clang-format//')" \
        "$suite" "$folder" "deb [signed-by=$keys] $mirror $suite main"
fi
mkdir -p "$folder/src"
grep -q localhost "$folder/etc/hosts" 2>/dev/null || echo '127.0.0.1 localhost' >>"$folder/etc/hosts"
(cd "$here" && git ls-files -co --exclude-standard -z | tar -c --null -T - -f -) | tar -x -C "$folder/src" -f -

# In namespaces of its own, so that nothing is left mounted or running.
exec unshare --mount --pid --fork --kill-child sh -c '
    folder=$1
    shift
    mount -t proc proc "$folder/proc"
    mount --rbind /dev "$folder/dev"
    mount -t tmpfs tmp "$folder/tmp"
    exec chroot "$folder" env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -c '\''
        set -e
        cd /src
        openssl version
        cmake -S . -B build -DWERROR=ON >/dev/null
        cmake --build build -j "$(nproc)" >/dev/null
        exec ctest --test-dir build --output-on-failure "$@"
    '\'' sh "$@"
' sh "$folder" "$@"
