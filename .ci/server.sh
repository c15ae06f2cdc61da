# Sourced by steps of `.ci/run` that call the platform: servers for the time of a script.

# Where the built commands are.
binaries="${VERV_BINARIES:-target/release}"
work="$(mktemp -d)"
running=()
stop() {
    local status=$? process
    for process in ${running[@]+"${running[@]}"}; do
        kill "$process" 2>/dev/null
        wait "$process" 2>/dev/null
    done
    rm -rf "$work"
    exit "$status"
}
trap stop EXIT

# listening LOG PATTERN: the address in the first line of LOG that has PATTERN, within half a minute.
listening() {
    local address
    for _ in $(seq 300); do
        address="$(sed -n "s|.*$2.*\(http://[0-9.]*:[0-9]*\).*|\1|p" "$1" | head -n 1)"
        if [ -n "$address" ]; then
            echo "$address"
            return 0
        fi
        sleep 0.1
    done
    cat "$1" >&2
    return 1
}

# serve [VARIABLE=VALUE…]: starts `local` on a free port; its address is in $url.
serve() {
    local log="$work/local-${#running[@]}"
    env RUST_LOG=warn "$@" "$binaries/local" --in-memory --port 0 --dynamodb-port 0 >"$log" 2>&1 &
    running+=($!)
    url="$(listening "$log" API)"
}
