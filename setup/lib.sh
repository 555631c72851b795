# Sourced by the scripts of this folder, by ./drover and by ./check: how they speak, and where Debian is.
# shellcheck shell=bash

# Progress goes to stderr, so that a script's answer can be its stdout.
say() { printf '==> %s\n' "$*" >&2; }

# What, why, what next; then exit status 1.
fail() {
    printf '%s: %s\n' "${PROGRAM:-drover}" "$*" >&2
    exit 1
}

# Whether a Maven log says that the network gave it nothing.
lacks_network() {
    grep -qE 'Unknown host|Could not transfer|Temporary failure in name resolution|Connection (refused|timed out)|Network is unreachable' "$1"
}

is_root() { [ "$(id -u)" -eq 0 ]; }

have() { command -v "$1" >/dev/null 2>&1; }

# What the experiments render with; the fonts, and the libraries that the JDK draws them with, are for the plots.
# shellcheck disable=SC2034
rendering=(povray povray-includes povray-examples libfreetype6 libharfbuzz0b fontconfig fonts-dejavu-core)

# What is run over the home file system to see whether it serves real users.
# shellcheck disable=SC2034
real_programs=(rsync vim fio postgresql)

# debian_field VERSION_CODENAME -> bookworm
debian_field() {
    [ -r /etc/os-release ] || return 1
    # shellcheck disable=SC1091
    (. /etc/os-release && eval "printf '%s' \"\${$1:-}\"")
}

is_debian() { [ "$(debian_field ID)" = debian ] && have apt-get; }

# The mirror from which this machine already takes Debian.
debian_mirror() {
    local uri
    uri=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
        awk -v release="$(debian_field VERSION_CODENAME)" '$2 == release && $3 == "main" { print $1; exit }')
    [ -n "$uri" ] || return 1
    printf '%s' "$uri"
}

# The packages of the list that are not installed, one a line.
missing_packages() {
    local package
    for package in "$@"; do
        case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) in
            installed) ;;
            *) printf '%s\n' "$package" ;;
        esac
    done
}

# install_packages WHAT-FOR PACKAGE...: only what is missing, and says so.
install_packages() {
    local purpose=$1 missing
    shift
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    is_debian || fail "missing for $purpose: ${missing[*]}. They are installed by themselves only on Debian; install them by hand, then try again"
    is_root || fail "missing for $purpose: ${missing[*]}. Not root, so they cannot be installed from here. Run as root: apt-get install ${missing[*]}"
    say "installing for $purpose: ${missing[*]}"
    refresh_package_lists
    local status=0
    install_quietly "${missing[@]}" || status=$?
    [ $status -eq 0 ] ||
        fail "apt-get could not install ${missing[*]} (its own words stand above). Is there a network? Try: apt-get update && apt-get install ${missing[*]}"
}

# apt's own words are shown only if it fails. A shell of its own, so that an interrupted install leaves nothing behind.
install_quietly() (
    log=$(mktemp /tmp/drover-apt.XXXXXX)
    policy=/usr/sbin/policy-rc.d
    trap 'rm -f "$log" ${own_policy:-}' EXIT
    # A package may bring a service (sshd does); nothing of it is to be started.
    if [ ! -e $policy ]; then
        own_policy=$policy
        printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy
    fi
    status=0
    DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "$@" >"$log" 2>&1 </dev/null || status=$?
    [ $status -eq 0 ] || cat "$log" >&2
    exit $status
)

# Once in a while: lists older than a day name versions that mirrors no longer have.
refresh_package_lists() {
    local newest
    newest=$(find /var/lib/apt/lists -maxdepth 1 -name '*_Packages*' -mmin -1440 -print -quit 2>/dev/null)
    [ -z "$newest" ] || return 0
    say "asking Debian's mirror what there is (apt-get update)"
    apt-get -qq update >&2 </dev/null || say "apt-get update had errors; trying with what is known"
}
