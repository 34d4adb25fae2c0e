#!/bin/sh
# Redis behind spliced: its own tools; in the long form its own test suite, which has to find the same on every way as it
# finds when it asks Redis directly.
# SPDX-License-Identifier: BSD-2-Clause
set -eu
. "$(dirname "$0")/stand.sh"
needs redis-server redis-server
needs redis-tools redis-cli redis-benchmark
needs iproute2 ss

# serve NAME: a fresh server of its own; $service is its port.
serve() {
    service=$(free_port)
    mkdir "$work/$1"
    start "redis-$1" redis-server --port "$service" --bind 127.0.0.1 --save '' --dir "$work/$1" \
        --enable-debug-command yes --enable-module-command yes
    eventually 10 redis-cli -p "$service" ping
}

serve service
stand_before "127.0.0.1:$service"

# on WAY COMMAND...: a command of redis-tools with the port of that way, and with TLS where it is spoken. With $by set
# to "exec" it takes the place of the shell, which a command in the background that is to be ended needs.
on() {
    way=$1 command=$2
    shift 2
    case $way in
    plain) set -- -h 127.0.0.1 -p "$plain" "$@" ;;
    tls) set -- -h localhost -p "$tls" --tls --cacert "$authority" "$@" ;;
    chain) set -- -h 127.0.0.1 -p "$chain" "$@" ;;
    esac
    ${by:-} "$command" "$@"
}

every_command_of_a_load_succeeds() {
    number=2000
    [ -z "$long" ] || number=200000
    for way in plain tls chain; do
        on $way redis-benchmark -n $number -c 20 -P 4 -q -t ping,set,get,incr,lpush,lrange_100,mset >"$work/load" 2>&1
        [ "$(tr '\r' '\n' <"$work/load" | grep -c 'requests per second')" = 9 ]
        not grep -qi 'error' "$work/load"
        note "$way: $(tr '\r' '\n' <"$work/load" | grep '^GET: .*requests')"
    done
}

a_large_value_comes_back_as_it_went() {
    head -c 20000000 /dev/urandom | base64 -w 0 >"$work/large"
    for way in plain tls chain; do
        [ "$(on $way redis-cli -x set large <"$work/large")" = OK ]
        on $way redis-cli --raw get large | head -c -1 | cmp - "$work/large"
    done
}

who_listens_hears_what_is_published() {
    for way in plain tls chain; do
        by=exec on $way redis-cli subscribe news >"$work/heard" 2>&1 &
        listener=$!
        eventually 10 sh -c "redis-cli -p $service pubsub numsub news | grep -qx 1"
        on $way redis-cli publish news "said through $way"
        eventually 10 grep -q "said through $way" "$work/heard"
        kill $listener
        wait $listener || :
        eventually 10 sh -c "redis-cli -p $service pubsub numsub news | grep -qx 0"
    done
}

# The suite's sources are those that belong to the installed package, fetched beside what apt itself knows.
fetch_suite() {
    mkdir -p "$work/apt/sources" "$work/apt/lists/partial" "$work/apt/cache/archives/partial"
    for file in /etc/apt/sources.list.d/*.sources; do
        [ ! -f "$file" ] || sed 's/^Types:.*/Types: deb-src/' "$file" >"$work/apt/sources/$(basename "$file")"
    done
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
        sed -n 's/^deb /deb-src /p' >"$work/apt/sources/more.list"
    (
        cd "$work/apt"
        set -- -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$PWD/sources" \
            -o Dir::State::lists="$PWD/lists" -o Dir::Cache="$PWD/cache" -o APT::Sandbox::User=root
        apt-get "$@" update
        apt-get "$@" source --download-only redis
        tar -xf redis_*.orig.tar.gz
    ) >"$work/fetch.log" 2>&1 || return 1
    suite=$(ls -d "$work"/apt/redis-*/ | head -n 1)
    for program in server cli benchmark; do
        ln -s "/usr/bin/redis-$program" "$suite/src/redis-$program"
    done
    (cd "$suite" && utils/gen-test-certs.sh) >"$work/fetch.log" 2>&1
}

# run_suite NAME BASE PORT [ARGUMENT...]: what was well and what was not, one line each, in $work/NAME.found. The suite
# takes ports of its own from BASE on.
run_suite() {
    name=$1 base=$2 to=$3
    shift 3
    cp -r "$suite" "$work/$name.suite"
    (
        cd "$work/$name.suite"
        TERM=dumb timeout 1500 ./runtest --baseport "$base" --host 127.0.0.1 --port "$to" \
            --tags -slow --clients 1 --skipunit unit/tls "$@"
    ) >"$work/$name.said" 2>&1 || :
    sed -n 's/^\[\(ok\|err\)\]: \([^(]*\).*/\1 \2/p' "$work/$name.said" | sort >"$work/$name.found"
    note "Redis's suite, $name: $(grep -c '^ok' "$work/$name.found") ok, $(grep -c '^err' "$work/$name.found" || :) err"
}

# Redis's own TLS leaves out a test or two that the suite runs in clear only, so each form has its own measure. Some
# tests write to several connections and, without waiting, count on Redis reading them in that order: one worker keeps
# it.
the_suite_finds_the_same_on_every_way() {
    runs= base=10000
    for name in direct own_tls through_tls through_chain; do
        serve $name
        set -- "$service"
        case $name in
        own_tls)
            set -- "$(($(free_port) + 500))" --tls
            redis-cli -p "$service" config set tls-cert-file "$suite/tests/tls/redis.crt" \
                tls-key-file "$suite/tests/tls/redis.key" tls-ca-cert-file "$suite/tests/tls/ca.crt" \
                tls-auth-clients no tls-port "$1"
            ;;
        through_tls | through_chain)
            instance "far_$name" "\"workers\": 1,
                \"listeners\": [{\"name\": \"tls\", \"address\": \"127.0.0.1:0\", \"upstream\": \"redis\",
                \"tls\": {\"certificates\": [{\"chain\": \"$suite/tests/tls/redis.crt\",
                \"key\": \"$suite/tests/tls/redis.key\"}]}}],
                \"upstreams\": [{\"name\": \"redis\", \"servers\": [\"127.0.0.1:$service\"]}]"
            set -- "$(port_of "far_$name" tls)" --tls
            ;;
        esac
        if [ $name = through_chain ]; then
            instance near_chain "\"workers\": 1,
                \"listeners\": [{\"name\": \"plain\", \"address\": \"127.0.0.1:0\", \"upstream\": \"far\"}],
                \"upstreams\": [{\"name\": \"far\", \"servers\": [\"127.0.0.1:$1\"], \"tls\": {\"verify\": false}}]"
            set -- "$(port_of near_chain plain)"
        fi
        base=$((base + 2000))
        run_suite $name $base "$@" &
        runs="$runs $!"
    done
    for run in $runs; do wait "$run"; done
    [ "$(grep -c '^ok' "$work/direct.found")" -gt 1500 ]
    diff "$work/direct.found" "$work/through_chain.found"
    diff "$work/own_tls.found" "$work/through_tls.found"
}

claim every_command_of_a_load_succeeds
claim a_large_value_comes_back_as_it_went
claim who_listens_hears_what_is_published
if [ -n "$long" ]; then
    needs tcl-tls tclsh
    fetch_suite || skip "the suite's sources cannot be had: $(tail -n 1 "$work/fetch.log")"
    claim the_suite_finds_the_same_on_every_way
fi
conclude_stand
