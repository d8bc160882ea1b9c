# Sourced by scripts/services: a Redis of one's own, which remembers nothing.

# redis-server would bring the machine-wide service. Its program is the redis-check-rdb of redis-tools
# under another name, and behaves as it is called.
redis_packages=(redis-tools)
redis_commands=(redis-check-rdb redis-cli)

# Starts a server in folder $1; $2 is `stays` or `dies-with-us`.
redis_start() {
    local place=$1 attempt before port
    [ ${#place} -le 90 ] || die "the folder's name is too long for a socket in it: $place"
    ln -sfn "$(command -v redis-check-rdb)" "$place/redis-server"
    for attempt in 1 2 3 4 5; do
        # A second start keeps the port, so that those who knew the server find it again.
        before=$(cat "$place/port" 2>/dev/null || true)
        port=${before:-$(free_port)}
        : >"$place/error.log"
        redis_launch "$place" "$port" "$2"
        if redis_answers "$place"; then
            printf '%s\n' "$port" >"$place/port"
            return
        fi
        # Somebody else may have taken the port between the look and the start.
        [ -z "$before" ] && grep -q 'Address already in use' "$place/error.log" || break
    done
    tail -q -n 20 "$place/error.log" "$place/out.log" >&2
    die "Redis did not start in $place"
}

redis_launch() {
    local place=$1 port=$2 how=()
    [ "$3" = stays ] || how=(dying_with_us)
    "${how[@]}" "$place/redis-server" --bind 127.0.0.1 --port "$port" --unixsocket "$place/socket" --dir "$place" \
        --logfile "$place/error.log" --save '' --appendonly no --set-proc-title no >"$place/out.log" 2>&1 </dev/null &
    printf '%s\n' "$!" >"$place/pid"
    disown "$!"
}

# Waits until the server in folder $1 answers on its own socket, so never until a stranger does.
redis_answers() {
    local tries=0
    until [ "$(redis_ask "$1" ping 2>/dev/null)" = PONG ]; do
        [ $((tries += 1)) -le 1200 ] && kill -0 "$(cat "$1/pid")" 2>/dev/null || return 1
        sleep 0.02
    done
}

redis_ask() { redis-cli -s "$1/socket" "${@:2}" </dev/null; }

redis_url() { printf 'redis://127.0.0.1:%s' "$(cat "$1/port")"; }

redis_export() {
    KEFU_TEST_REDIS_URL=$(redis_url "$1")
    export KEFU_TEST_REDIS_URL
}

redis_print() {
    printf 'KEFU_REDIS_URL=%s\n' "$(redis_url "$1")"
    printf 'KEFU_REDIS_PORT=%s\n' "$(cat "$1/port")"
    printf 'KEFU_REDIS_PID=%s\n' "$(cat "$1/pid")"
    printf 'KEFU_REDIS_VERSION=%s\n' "$(redis_ask "$1" info server | sed -n 's/^redis_version:\([^\r]*\).*/\1/p')"
}
