#!/bin/sh
# A WebSocket service behind spliced: wss from outside, ws behind.
# SPDX-License-Identifier: BSD-2-Clause
set -eu
. "$(dirname "$0")/stand.sh"
needs python3 /usr/bin/python3
/usr/bin/python3 -c 'import websockets' 2>/dev/null ||
    skip 'there is no python3-websockets; .ci/install peers installs it'

start service /usr/bin/python3 "$here/websocket.py" serve "$work/service.sock"
eventually 10 test -S "$work/service.sock"
stand_before "unix:$work/service.sock" '"http/1.1"'

rounds=1
[ -z "$long" ] || rounds=20

talk() {
    for url in "ws://localhost:$plain/" "wss://localhost:$tls/" "ws://localhost:$chain/"; do
        timeout 120 /usr/bin/python3 "$here/websocket.py" "$1" "$url" "$authority" "$rounds"
    done
}

messages_of_all_sizes_come_back() {
    talk messages
}

pings_are_answered_while_a_large_message_is_under_way() {
    talk pings
}

a_close_tells_its_code_to_the_other_side() {
    talk close
}

many_are_open_at_once() {
    talk many
}

claim messages_of_all_sizes_come_back
claim pings_are_answered_while_a_large_message_is_under_way
claim a_close_tells_its_code_to_the_other_side
claim many_are_open_at_once
conclude_stand
