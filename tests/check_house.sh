#!/bin/sh
# Holds the laws of the house that a machine can hold; names each place where one is broken.
# SPDX-License-Identifier: BSD-2-Clause
#
#   tests/check_house.sh [ROOT]
#
#   floors    includes go down (main -> admin -> proxy -> certs -> conf), and from one floor into another through its
#             public headers only; within a folder no two nouns need each other
#   doors     each foreign library has one door
#   size      no source file over 500 lines
#   marks     every file says its purpose and its licence; nothing is left for later; no key is in the tree
#   form      clang-format 14 has nothing to change (where it is installed)
set -eu
cd "${1:-$(dirname "$0")/..}"
broken=$(mktemp)
trap 'rm -f "$broken"' EXIT

say() {
    printf '%s: %s\n' "$1" "$2" >>"$broken"
}

sources() {
    find conf certs proxy admin main.c -name '*.[ch]' | sort
}

# What a floor shows to those above it: the header of its own name, and these.
public='conf/block.h conf/document.h conf/grammar.h conf/json.h conf/pattern.h conf/text.h conf/memory.h conf/manual.h conf/units.h
        conf/command.h conf/quick.h
        certs/names.h certs/lookout.h
        proxy/report.h proxy/reason.h proxy/event.h proxy/loop.h proxy/list.h proxy/log.h proxy/address.h proxy/listening.h
        proxy/splice_orders.h proxy/splice_review.h proxy/tap.h
        admin/ctl/health.h'

floor_of() {
    case $1 in
    conf) echo 1 ;;
    certs) echo 2 ;;
    proxy) echo 3 ;;
    admin) echo 4 ;;
    *) echo 5 ;;
    esac
}

check_floors() {
    for file in $(sources); do
        from=${file%%/*}
        for header in $(sed -n 's/^#include "\([a-z]*\/[a-z_0-9/]*\.h\)".*/\1/p' "$file"); do
            to=${header%%/*}
            [ "$from" = "$to" ] && continue
            [ "$(floor_of "$to")" -lt "$(floor_of "$from")" ] || say floors "$file includes $header, which lies above it"
            case " $(echo $public) $to/$to.h " in
            *" $header "*) ;;
            *) say floors "$file includes $header, which is private to $to/" ;;
            esac
        done
    done
}

# A noun is a source and its header. Two edges do not count: to the folder's face, which only declares, and from a part
# (lookup_dns) to the whole (lookup) that it is a part of.
check_circles() {
    for folder in conf certs proxy admin; do
        for file in "$folder"/*.[ch]; do
            noun=$(basename "${file%.[ch]}")
            for other in $(sed -n "s/^#include \"$folder\/\([a-z_0-9]*\)\.h\".*/\1/p" "$file"); do
                case $noun in "$other" | "$other"_*) continue ;; esac
                [ "$other" = "$folder" ] || echo "$noun $other"
            done
        done | sort -u | tsort 2>&1 >/dev/null | sed "s/^tsort: //; s/^-: .*/these need each other:/" |
            while read -r line; do say floors "$folder/ $line"; done
    done
}

# door NAME PATTERN FILE...: only these files may have lines of that pattern.
door() {
    name=$1 pattern=$2
    shift 2
    for file in $(sources); do
        for allowed in "$@"; do
            case $file in $allowed) continue 2 ;; esac
        done
        grep -nE "$pattern" "$file" | while read -r line; do say doors "$name is not for $file:${line%%:*}"; done
    done
}

check_doors() {
    door OpenSSL '#include <openssl/' 'certs/*' 'proxy/tls*'
    door libmicrohttpd '#include <microhttpd' 'admin/*'
    door cJSON '#include <cjson/' 'conf/*' 'admin/*'
    door epoll '#include <sys/epoll|epoll_(create|ctl|wait)' 'proxy/loop.c'
    door 'splice(2)' 'SPLICE_F_' 'proxy/pipe.[ch]'
    door kTLS '#include <linux/tls\.h>' 'proxy/ktls.c'
    door netlink '#include <linux/(netlink|inet_diag|sock_diag|unix_diag)' 'proxy/kernel*'
}

check_size() {
    for file in $(sources) $(find tests docker certs .ci \( -name '*.[ch]' -o -name '*.sh' \) 2>/dev/null); do
        lines=$(wc -l <"$file")
        [ "$lines" -le 500 ] || say size "$file has $lines lines"
    done
}

check_marks() {
    for file in $(sources) $(find tests -name '*.[ch]'); do
        head -n 12 "$file" | grep -q 'SPDX-License-Identifier: BSD-2-Clause' || say marks "$file has no licence line"
        head -n 1 "$file" | grep -q '^/\* [^ ]' || say marks "$file does not begin with its purpose"
    done
    left='\<(TO''DO|FIX''ME|X''XX|not impl''emented|for n''ow)\>'
    grep -rnE "$left" --include='*.[ch]' --include='*.sh' --include='*.md' conf certs proxy admin tests main.c README.md |
        while read -r line; do say marks "left for later: $line"; done
    grep -rlE '^-+BEGIN ([A-Z]+ )*PRIVATE K''EY' conf certs proxy admin tests docker main.c README.md 2>/dev/null |
        while read -r file; do say marks "$file holds a key"; done
}

check_form() {
    # Other versions lay some lines out otherwise.
    clang-format --version 2>/dev/null | grep -q 'version 14\.' || return 0
    find conf certs proxy admin tests main.c -name '*.[ch]' | xargs -n 40 clang-format --dry-run 2>&1 |
        sed -n 's/^\([^ :]*\):[0-9]*:[0-9]*: warning: .*/\1/p' | sort -u |
        while read -r file; do say form "$file is not as clang-format has it"; done
}

check_floors
check_circles
check_doors
check_size
check_marks
check_form

if [ -s "$broken" ]; then
    cat "$broken"
    exit 1
fi
echo "the house is in order"
