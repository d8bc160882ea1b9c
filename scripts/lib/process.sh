# Sourced by scripts/services: starting and ending processes by their number, and no others.

# Does the process noted in folder $1 still run? Its command line must name the folder: a number can
# have passed on to a stranger, and a dead child nobody has waited for has no command line.
lives_in() {
    local pid
    pid=$(cat "$1/pid" 2>/dev/null) || return 1
    tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "$1/"
} 2>/dev/null

# Ends the process noted in folder $1. What it holds is thrown away, so nothing waits for a clean
# goodbye unless $2 is `gently`; a process that was stopped with SIGSTOP is ended all the same.
end_in() {
    lives_in "$1" || return 0
    local pid tries=0
    pid=$(cat "$1/pid")
    if [ "${2:-}" = gently ]; then
        kill -TERM "$pid" && kill -CONT "$pid" || true
        while lives_in "$1" && [ $((tries += 1)) -le 200 ]; do sleep 0.05; done
    fi
    ! lives_in "$1" || kill -KILL "$pid" || true
    while lives_in "$1"; do sleep 0.02; done
} 2>/dev/null

# Does anything of process group $1 still run? The dead whom nobody waits for are counted by `kill -0` too, and
# stay for ever where the first process of the machine is no init.
group_lives() {
    kill -0 -- "-$1" 2>/dev/null || return 1
    local stat line state parent group rest
    for stat in /proc/[0-9]*/stat; do
        read -r line <"$stat" || continue
        # The name before the closing parenthesis may hold anything.
        read -r state parent group rest <<<"${line##*) }"
        [ "$group" != "$1" ] || [ "$state" = Z ] || return 0
    done
    return 1
} 2>/dev/null

# Ends process group $1: asked first, and after ten seconds not asked.
end_group() {
    local tries=0
    group_lives "$1" || return 0
    kill -TERM -- "-$1" && kill -CONT -- "-$1" || true
    while group_lives "$1" && [ $((tries += 1)) -le 200 ]; do sleep 0.05; done
    kill -KILL -- "-$1" || true
} 2>/dev/null

# A loopback port nobody listens on, from outside the range that the kernel hands to clients: a client
# that knocks on a closed port of that range can end up connected to itself and hold the port. Where
# that range leaves nothing over, any port must do.
free_port() {
    local low high port tries=0
    read -r low high </proc/sys/net/ipv4/ip_local_port_range
    while :; do
        [ $((tries += 1)) -le 300 ] || low=65536
        port=$((10000 + (RANDOM * 32768 + RANDOM) % 50000))
        [ "$port" -lt "$low" ] || [ "$port" -gt "$high" ] || continue
        (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue
        printf '%s\n' "$port"
        return
    done
}

# Runs a command so that it dies with this script, even if the script is killed.
dying_with_us() { exec setpriv --pdeathsig KILL -- "$@"; }
