#!/bin/sh
# Holds the manual pages against the programs: groff and mandoc have nothing to say about them, and every key, command and
# option that a program knows stands in its page.
# SPDX-License-Identifier: BSD-2-Clause
#
#   tests/check_manual.sh BUILD
set -eu
build=$1
wrong=$(mktemp)
shown=$(mktemp)
trap 'rm -f "$wrong" "$shown"' EXIT

# show PAGE: as a reader has it, without hyphenation or emphasis.
show() {
    groff -man -Tascii -P-cbou -rLL=110n -rHY=0 "$1" >"$shown"
}

# stands PATTERN WHAT: the page that is shown has such a line.
stands() {
    grep -qe "$1" "$shown" || echo "$page lacks $2" >>"$wrong"
}

check_form() {
    groff -man -ww -z -Tutf8 "$1" 2>>"$wrong"
    mandoc -T lint -W warning "$1" >>"$wrong" || :
}

# The keys of the schema: what stands two deeper than a line "properties": {
keys() {
    "$build/spliced" --print-schema | awk '
        { match($0, /^ */); indent = RLENGTH }
        depth && indent < depth { depth = 0 }
        depth && indent == depth && match($0, /"[^"]*"/) { print substr($0, RSTART + 1, RLENGTH - 2) }
        /^ *"properties": \{$/ && !depth { depth = indent + 2 }' | sort -u
}

page=spliced.json.5
check_form "$build/conf/$page"
show "$build/conf/$page"
[ "$(keys | wc -l)" -gt 40 ] || echo "the schema's keys cannot be read" >>"$wrong"
for key in $(keys); do
    stands "^       $key\( \|\$\)" "the key $key"
done

page=splicectl.1
check_form "$build/admin/ctl/$page"
show "$build/admin/ctl/$page"
for command in $("$build/splicectl" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p'); do
    stands "^       $command\( \|\$\)" "the command $command"
done
"$build/splicectl" --help | sed -n '/^Conditions/,/^$/s/^  \(.*[^ ]\)   *.*/\1/p' | sed 's/   *.*//' | while read -r words; do
    stands "^       $words\( \|\$\)" "the condition $words"
done
for option in $("$build/splicectl" --help | grep -oe '--[a-z-]*' | sort -u); do
    stands "$option\>" "the option $option"
done

page=spliced.8
check_form "$build/conf/$page"
show "$build/conf/$page"
for said in $("$build/spliced" --help | grep -oe '--[a-z-]*' -e 'SPLICED_[A-Z]*' -e 'SIG[A-Z0-9]*' | sort -u); do
    stands "$said\>" "$said"
done

if [ -s "$wrong" ]; then
    cat "$wrong"
    exit 1
fi
echo "the manual is in order"
