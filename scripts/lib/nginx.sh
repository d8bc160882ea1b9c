# Sourced by scripts/services: an nginx of one's own, with the settings that lie in its folder.

nginx_packages=(nginx)
nginx_commands=(nginx)
# Installed as usual, it would start the machine-wide service; only its program is wanted.
nginx_unpacked=yes

# Starts an nginx in folder $1; $2 is `stays` or `dies-with-us`. The folder holds nginx.conf.
nginx_start() {
    local place=$1 attempt before port
    [ -f "$place/nginx.conf" ] || die "nginx DIR: DIR/nginx.conf is missing"
    for attempt in 1 2 3 4 5; do
        # A second start keeps the port, so that those who knew the server find it again.
        before=$(cat "$place/port" 2>/dev/null || true)
        port=${before:-$(free_port)}
        : >"$place/error.log"
        rm -f "$place/nginx.pid"
        nginx_settings "$place" "$port" >"$place/whole.conf"
        nginx_launch "$place" "$2"
        if nginx_answers "$place"; then
            printf '%s\n' "$port" >"$place/port"
            return
        fi
        # Somebody else may have taken the port between the look and the start.
        [ -z "$before" ] && grep -q 'Address already in use' "$place/error.log" || break
    done
    tail -q -n 20 "$place/error.log" "$place/out.log" >&2
    die "nginx did not start in $place"
}

# What nginx reads: the settings of folder $1 with port $2, and around them what keeps it in its folder. One
# process is enough, and leaves no workers behind when it is killed.
nginx_settings() {
    printf 'daemon off;\nmaster_process off;\npid "%s/nginx.pid";\nevents {}\nhttp {\naccess_log "%s/access.log";\n' "$1" "$1"
    local name
    for name in client_body proxy fastcgi uwsgi scgi; do printf '%s_temp_path "%s/%s";\n' "$name" "$1" "$name"; done
    sed -e "s|@PORT@|$2|g" -e "s|@DIR@|$1|g" "$1/nginx.conf"
    printf '\n}\n'
}

nginx_launch() {
    local place=$1 how=()
    [ "$2" = stays ] || how=(dying_with_us)
    "${how[@]}" nginx -p "$place/" -e "$place/error.log" -c "$place/whole.conf" >"$place/out.log" 2>&1 </dev/null &
    printf '%s\n' "$!" >"$place/pid"
    disown "$!"
}

# Waits until the nginx in folder $1 has noted its number, which it does when it listens.
nginx_answers() {
    local tries=0 pid
    pid=$(cat "$1/pid")
    until [ "$(cat "$1/nginx.pid" 2>/dev/null)" = "$pid" ]; do
        [ $((tries += 1)) -le 1500 ] && kill -0 "$pid" 2>/dev/null || return 1
        sleep 0.02
    done
}

nginx_print() {
    printf 'KEFU_NGINX_URL=http://127.0.0.1:%s\n' "$(cat "$1/port")"
    printf 'KEFU_NGINX_PORT=%s\n' "$(cat "$1/port")"
    printf 'KEFU_NGINX_PID=%s\n' "$(cat "$1/pid")"
    printf 'KEFU_NGINX_VERSION=%s\n' "$(nginx -v 2>&1 | sed 's|.*nginx/||')"
}
