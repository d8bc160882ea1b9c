# Sourced by scripts/services: what is missing is installed, as root and with apt, or asked for.

# Installs what the named services and tools lack.
install_missing() {
    local name word commands packages missing=()
    for name in "$@"; do
        local -n commands=${name}_commands packages=${name}_packages
        for word in "${commands[@]}"; do
            if ! command -v "$word" >/dev/null; then
                missing+=("${packages[@]}")
                break
            fi
        done
    done
    [ ${#missing[@]} -gt 0 ] || return 0

    command -v apt-get >/dev/null || die "please install: ${missing[*]} (so they are called in Debian)"
    [ "$(id -u)" = 0 ] || die "please run as root: apt-get install --no-install-recommends ${missing[*]}"

    say "installing ${missing[*]}"
    (
        # Two runs may find the same package missing at once; the second waits and finds it installed.
        exec 9>/run/kefu-services.lock
        flock 9
        export DEBIAN_FRONTEND=noninteractive
        apt-get -qq update </dev/null >&2
        apt-get -qq install -y --no-install-recommends -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
            "${missing[@]}" </dev/null >&2
    ) || die "apt could not install: ${missing[*]}"
}
