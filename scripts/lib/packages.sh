# Sourced by scripts/services: what is missing is installed, as root and with apt, or asked for.

# What is fetched and unpacked here is not installed on the machine.
unpacked=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/kefu-services
PATH=$PATH:$unpacked/usr/sbin:$unpacked/usr/bin

# Installs what the named services and tools lack.
install_missing() {
    local name word commands packages missing=() fetched=()
    for name in "$@"; do
        local -n commands=${name}_commands packages=${name}_packages
        local only_unpacked=${name}_unpacked
        for word in "${commands[@]}"; do
            ! command -v "$word" >/dev/null || continue
            if [ "${!only_unpacked:-}" = yes ]; then
                fetched+=("${packages[@]}")
            else
                missing+=("${packages[@]}")
            fi
            break
        done
    done
    [ ${#missing[@]} -gt 0 ] || [ ${#fetched[@]} -gt 0 ] || return 0

    command -v apt-get >/dev/null || die "please install: ${missing[*]} ${fetched[*]} (so they are called in Debian)"
    if [ "$(id -u)" != 0 ]; then
        [ ${#missing[@]} -eq 0 ] || die "please run as root: apt-get install --no-install-recommends ${missing[*]}"
        fetch_and_unpack "${fetched[@]}"
        return
    fi
    (
        # Two runs may find the same package missing at once; the second waits and finds it installed.
        exec 9>/run/kefu-services.lock
        flock 9
        export DEBIAN_FRONTEND=noninteractive
        apt-get -qq update </dev/null >&2 || say "apt could not refresh its lists; trying with the old ones"
        if [ ${#missing[@]} -gt 0 ]; then
            say "installing ${missing[*]}"
            apt-get -qq install -y --no-install-recommends -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
                "${missing[@]}" </dev/null >&2 || die "apt could not install: ${missing[*]}"
        fi
        if [ ${#fetched[@]} -gt 0 ]; then fetch_and_unpack "${fetched[@]}"; fi
    ) || exit 1
}

# Fetches Debian packages and puts their files where only we look; nothing of them is set up or started.
fetch_and_unpack() {
    local work
    say "fetching $*"
    mkdir -p "$unpacked"
    work=$(mktemp -d "$unpacked/fetching.XXXXXX")
    if ! (cd "$work" && apt-get -qq -o APT::Sandbox::User="$(id -un)" download "$@") </dev/null >&2; then
        rm -rf "$work"
        die "apt could not fetch: $* (please install, or put its program on the PATH)"
    fi
    local package
    for package in "$work"/*.deb; do dpkg-deb -x "$package" "$work/tree"; done
    # Whoever uses the program meanwhile keeps the file that it has opened.
    cp -a --remove-destination "$work/tree/." "$unpacked/"
    rm -rf "$work"
}
