#!/usr/bin/env bash
# What the Dockerfile does, as a script, so that the same steps run without Docker too (tests/server/docker/image.py).
#
# Usage:  server/docker/build.sh packages              installs what the build needs (as root, Debian 12)
#         server/docker/build.sh compile BUILD         builds expplat-server and expplat in the folder BUILD
#         server/docker/build.sh assemble ROOT PROGRAM...
#                 makes ROOT the file system of the image: the programs in /usr/bin, the shared libraries that they need and no
#                 other, certificates of authorities, time zones, and a user without rights (65532). No shell.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

user=65532

packages() {
    # The lists are those of ./dev.
    die() { echo "build.sh: $1" >&2; exit 1; }
    # shellcheck source=../../.ci/setup.sh
    source .ci/setup.sh
    local names=(ca-certificates tzdata) name
    for name in "${packages_build[@]}"; do names+=("${name%%|*}"); done
    apt-get update
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${names[@]}"
}

compile() {
    local build=$1
    cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DEXPPLAT_BUILD_TESTS=OFF -DEXPPLAT_BUILD_BENCH=OFF \
        -DEXPPLAT_BUILD_EXAMPLES=OFF
    cmake --build "$build" --target expplat_server expplat_cli
}

# libraries_of PROGRAM...: the files that the loader maps, itself too.
libraries_of() {
    local output
    output=$(ldd "$@")
    if grep -q 'not found' <<<"$output"; then
        echo "build.sh: a shared library is missing:" >&2
        grep 'not found' <<<"$output" >&2
        exit 1
    fi
    # `name => /path (address)`, and the loader as `/path (address)`.
    sed -n -E 's/^.*=> (\/[^ ]+) \(.*$/\1/p; s/^\t(\/[^ ]+) \(.*$/\1/p' <<<"$output" | sort -u
}

assemble() {
    local root=$1 program library
    shift
    if [[ -e $root && -n $(ls -A "$root") ]]; then
        echo "build.sh: $root is there and not empty" >&2
        exit 1
    fi
    mkdir -p "$root"/usr/{bin,lib,share} "$root"/etc/ssl/certs "$root"/var/lib "$root/tmp"
    # As Debian has it: /lib is /usr/lib.
    ln -s usr/lib "$root/lib"
    mkdir "$root/usr/lib64"
    ln -s usr/lib64 "$root/lib64"
    for program in "$@"; do
        install -m 0755 "$program" "$root/usr/bin/$(basename "$program")"
        strip "$root/usr/bin/$(basename "$program")"
    done
    for library in $(libraries_of "$@"); do
        install -D -m 0755 "$(readlink -f "$library")" "$root/$library"
    done
    # OpenSSL looks into /usr/lib/ssl.
    install -m 0644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
    mkdir -p "$root/usr/lib/ssl"
    ln -s /etc/ssl/certs "$root/usr/lib/ssl/certs"
    ln -s /etc/ssl/certs/ca-certificates.crt "$root/usr/lib/ssl/cert.pem"
    cp -r --no-preserve=ownership /usr/share/zoneinfo "$root/usr/share/zoneinfo"
    echo "nonroot:x:$user:$user:nonroot:/var/lib/expplat:/usr/sbin/nologin" >"$root/etc/passwd"
    echo "nonroot:x:$user:" >"$root/etc/group"
    echo "hosts: files dns" >"$root/etc/nsswitch.conf"
    chmod 1777 "$root/tmp"
}

case "${1-}" in
    packages) packages ;;
    compile) [[ $# -eq 2 ]] && compile "$2" ;;
    assemble) [[ $# -ge 3 ]] && assemble "${@:2}" ;;
    *)
        sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
esac
