# Sourced by scripts/services: a MariaDB of one's own, as durable as a real one.

# These bring the programs without the machine-wide service that mariadb-server starts; mariadb-dump is in the third.
mariadb_packages=(mariadb-server-core mariadb-client-core mariadb-client)
mariadb_commands=(mariadbd mariadb-install-db mariadb mariadb-dump)

# Starts a server in folder $1; $2 is `stays` or `dies-with-us`.
mariadb_start() {
    local place=$1 user=()
    # The kernel's limit for the address of a local socket.
    [ ${#place} -le 90 ] || die "the folder's name is too long for a socket in it: $place"
    [ "$(id -u)" != 0 ] || user=(--user=root)

    if [ ! -e "$place/ready-made" ]; then
        rm -rf "$place/data"
        mkdir -p "$place/data" "$place/tmp"
        mariadb-install-db --no-defaults "${user[@]}" --datadir="$place/data" --auth-root-authentication-method=normal \
            --skip-test-db --skip-name-resolve >"$place/install.log" 2>&1 </dev/null \
            || { tail -n 20 "$place/install.log" >&2; die "MariaDB could not be initialised in $place"; }
        : >"$place/ready-made"
    fi

    local attempt before port
    for attempt in 1 2 3 4 5; do
        # A second start keeps the port, so that those who knew the server find it again.
        before=$(cat "$place/port" 2>/dev/null || true)
        port=${before:-$(free_port)}
        : >"$place/error.log"
        mariadb_launch "$place" "$port" "$2" "${user[@]}"
        if mariadb_answers "$place"; then
            printf '%s\n' "$port" >"$place/port"
            return
        fi
        # Somebody else may have taken the port between the look and the start.
        [ -z "$before" ] && grep -q 'Address already in use' "$place/error.log" || break
    done
    tail -n 20 "$place/error.log" >&2
    die "MariaDB did not start in $place"
}

mariadb_launch() {
    local place=$1 port=$2 how=()
    [ "$3" = stays ] || how=(dying_with_us)
    shift 3
    "${how[@]}" mariadbd --no-defaults "$@" --datadir="$place/data" --tmpdir="$place/tmp" --socket="$place/socket" \
        --pid-file="$place/mariadbd.pid" --log-error="$place/error.log" \
        --bind-address=127.0.0.1 --port="$port" --skip-name-resolve --max-connections=500 \
        --character-set-server=utf8mb4 --collation-server=utf8mb4_unicode_ci \
        --innodb-flush-log-at-trx-commit=1 --skip-log-bin --innodb-buffer-pool-size=256M \
        >"$place/out.log" 2>&1 </dev/null &
    printf '%s\n' "$!" >"$place/pid"
    disown "$!"
}

# Waits until the server in folder $1 answers on its own socket, so never until a stranger does.
mariadb_answers() {
    local tries=0
    until mariadb_ask "$1" 'select 1' >/dev/null 2>&1; do
        [ $((tries += 1)) -le 1200 ] && kill -0 "$(cat "$1/pid")" 2>/dev/null || return 1
        sleep 0.05
    done
}

mariadb_ask() { mariadb --no-defaults -uroot -S "$1/socket" -BN -e "$2" </dev/null; }

mariadb_url() { printf 'mysql://root@127.0.0.1:%s' "$(cat "$1/port")"; }

mariadb_export() {
    KEFU_TEST_MARIADB_URL=$(mariadb_url "$1")
    export KEFU_TEST_MARIADB_URL
}

mariadb_print() {
    printf 'KEFU_MARIADB_URL=%s\n' "$(mariadb_url "$1")"
    printf 'KEFU_MARIADB_PORT=%s\n' "$(cat "$1/port")"
    printf 'KEFU_MARIADB_PID=%s\n' "$(cat "$1/pid")"
    printf 'KEFU_MARIADB_VERSION=%s\n' "$(mariadb_ask "$1" 'select version()')"
}
