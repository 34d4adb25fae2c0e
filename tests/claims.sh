# What tests in shell are written with; to be read in (.) by them. Whoever reads it may define clear_away, which shows and
# removes what a failed claim has left behind.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh

passed=0
failed=0

clear_away() {
    :
}

# claim SENTENCE [ARGUMENT...]: calls the function of that name, in a shell of its own that ends at the first command
# that fails. What it said is shown when it did.
claim() {
    said=$(mktemp)
    set +e
    (
        set -eux
        "$@"
    ) >"$said" 2>&1
    status=$?
    set -e
    if [ "$status" = 0 ]; then
        passed=$((passed + 1))
        echo "ok      $*"
    else
        failed=$((failed + 1))
        echo "FAILED  $*"
        clear_away >>"$said" 2>&1
        sed 's/^/        /' "$said"
    fi
    rm -f "$said"
}

# The last line of a file of tests: its count, and its exit status.
conclude() {
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
}

# not COMMAND...: "!" would not end a shell that ends at the first failure.
not() {
    if "$@"; then return 1; fi
}

# eventually SECONDS COMMAND...: tries until the command succeeds; shows what the last one said, if none did.
eventually() {
    tracing=${-##*x*}
    set +x
    until_then=$(($(date +%s) + $1))
    shift
    until last=$("$@" 2>&1); do
        [ "$(date +%s)" -lt "$until_then" ] || {
            echo "$last"
            return 1
        }
        sleep 0.1
    done
    [ -n "$tracing" ] || set -x
}
