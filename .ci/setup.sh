# Packages: what each verb of ./dev needs, and how it is installed. Sourced by ./dev.
#
# A line names a Debian package; `a|b` means the first of them that is installed, else the first that
# the distribution has (Ubuntu 24.04 names a few differently). `clang-rt` stands for the sanitizers'
# and libFuzzer's runtime of the distribution's clang. Where all is installed nothing is asked of the
# network, and the check takes a few hundredths of a second.

packages_build=(
    cmake
    ninja-build
    g++
    ccache
    pkg-config
    nlohmann-json3-dev
    libxxhash-dev
    libabsl-dev
    libre2-dev
    # The layer `net`:
    'libboost1.81-dev|libboost-dev'
    libssl-dev
    zlib1g-dev
    libzstd-dev
    libc-ares-dev
    # The server's store:
    libsqlite3-dev
    libpq-dev
    # Its description is made from YAML:
    python3
    python3-yaml
)
packages_bench=(libbenchmark-dev)
packages_clang=(clang clang-rt)
packages_lint=(clang 'clang-format-14|clang-format' 'clang-tidy-14|clang-tidy' python3)
packages_unit=(libgtest-dev libgmock-dev openssl python3)
# The tests of the store run against a PostgreSQL of their own (tests/server/support/with_postgres.py).
packages_postgres=(postgresql)
# Those of several servers, against a Redis of their own (tests/server/support/redis_server.py), which has a certificate.
packages_redis=(redis-server openssl)
packages_test=(
    valgrind
    g++-mingw-w64-x86-64-posix
    # bindings/csharp:
    mono-mcs
    mono-runtime
)
# The demo, `bench live` and the stage `kinesis`, with setup_kinesalite; the latter also with setup_moto.
packages_kinesalite=(nodejs npm python3)
packages_kinesis=(python3-venv)
# The WebAssembly binding, with setup_re2_source.
packages_wasm=(emscripten nodejs npm)
# The Node binding, with setup_static_sources; what else it is built with (npm), bindings/node/build.mjs installs into build/node.
packages_node=(nodejs npm)
# The Python binding, with setup_python and setup_static_sources.
packages_python=(python3-dev python3-venv npm)
# On an aarch64 machine the native compiler has that name already.
[[ "$(uname -m)" == aarch64 ]] || packages_test+=(g++-aarch64-linux-gnu)

# setup_groups VERB: the package groups that a verb needs.
setup_groups() {
    case "$1" in
        all | test) echo "build unit postgres redis bench clang lint test kinesalite kinesis wasm node python" ;;
        demo) echo "build kinesalite" ;;
        build) echo "build unit" ;;
        python) echo "build python" ;;
        node) echo "build node" ;;
        wasm) echo "build wasm" ;;
        bench) echo "build bench" ;;
        lint | format) echo "lint build" ;;
        fuzz) echo "build clang" ;;
        *) die "setup knows all, demo, build, test, python, node, wasm, bench, lint and fuzz; not \`$1\`" ;;
    esac
}

# Node and Python may come from elsewhere than the distribution.
is_installed() {
    case "$1" in
        nodejs) if command -v node >/dev/null; then return 0; fi ;;
        python3) if command -v python3 >/dev/null; then return 0; fi ;;
        npm) if command -v npm >/dev/null; then return 0; fi ;;
        python3-venv) if python3 -c 'import ensurepip, venv' 2>/dev/null; then return 0; fi ;;
    esac
    [[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]
}

has_candidate() {
    [[ -n "$(apt-cache policy "$1" 2>/dev/null | awk '/Candidate:/ && $2 != "(none)"')" ]]
}

# The package with the runtime of the clang that `clang` stands for; nothing while that is unknown.
clang_runtime_package() {
    local depends major
    depends="$(dpkg-query -W -f='${Depends}' clang 2>/dev/null || true)"
    if [[ -z "$depends" ]]; then
        depends="$(apt-cache show clang 2>/dev/null | sed -n 's/^Depends: //p' | head -n 1)"
    fi
    major="$(sed -n 's/.*clang-\([0-9][0-9]*\).*/\1/p' <<<"$depends")"
    [[ -n "$major" ]] && echo "libclang-rt-$major-dev"
}

# The name by which a line of the lists is installed or can be; fails where there is none.
resolve_package() {
    local line="$1" name
    if [[ "$line" == clang-rt ]]; then
        line="$(clang_runtime_package)" || return 1
    fi
    local -a names
    IFS='|' read -r -a names <<<"$line"
    for name in "${names[@]}"; do
        is_installed "$name" && { echo "$name"; return 0; }
    done
    for name in "${names[@]}"; do
        has_candidate "$name" && { echo "$name"; return 0; }
    done
    return 1
}

as_root() {
    if [[ "$(id -u)" == 0 ]]; then
        "$@"
    elif command -v sudo >/dev/null; then
        if [[ -n "${CI:-}" ]]; then sudo -n "$@"; else sudo "$@"; fi
    else
        die "packages must be installed and this is neither root nor a user with sudo; as root, run: $*"
    fi
}

apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@"
}

# The lines of the lists that a verb needs and that are not installed, one a line.
absent_lines() {
    local group line
    for group in $(setup_groups "$1"); do
        local -n list="packages_$group"
        for line in "${list[@]}"; do echo "$line"; done
    done | sort -u | while IFS= read -r line; do
        local name
        name="$(resolve_package "$line")" && is_installed "$name" || echo "$line"
    done
}

verb_setup() {
    local what="${1:-all}" line name
    [[ -z "${EXPPLAT_SKIP_SETUP:-}" ]] || return 0
    setup_groups "$what" >/dev/null
    local stamp="build/.setup-$what"
    if setup_is_known_good "$stamp"; then return 0; fi

    command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
        die "setup installs packages of Debian or Ubuntu, and this system has no apt-get. Install by hand what" \
            ".ci/setup.sh lists under: $(setup_groups "$what"); then set EXPPLAT_SKIP_SETUP=1"

    local -a absent=() install=()
    mapfile -t absent < <(absent_lines "$what")
    if ((${#absent[@]} > 0)); then
        for line in "${absent[@]}"; do
            if ! resolve_package "$line" >/dev/null; then
                say "reading the package lists (apt-get update)"
                apt_get update || warn "apt-get update failed; going on with the lists that are here"
                break
            fi
        done
        for line in "${absent[@]}"; do
            name="$(resolve_package "$line")" || die \
                "the Debian package \`${line//|/\` or \`}\` is needed and this system's package lists do not have it." \
                "Enable the archive section that has it (Debian: main; Ubuntu: universe) or install it some" \
                "other way and set EXPPLAT_SKIP_SETUP=1"
            install+=("$name")
        done
        say "installing: ${install[*]}"
        if ! apt_get install -y --no-install-recommends "${install[@]}"; then
            apt_get update && apt_get install -y --no-install-recommends "${install[@]}" ||
                die "apt-get could not install: ${install[*]}. Its own words are above; once that is mended," \
                    "run ./dev setup again"
        fi
    fi
    mkdir -p build && installed_state >"$stamp"
    say "setup $what: everything is installed"
}

# kinesalite (npm), in the version that is pinned under tests/support/aws, into build/kinesis. Asks the registry only
# where that has changed since.
setup_kinesalite() {
    local from=tests/support/aws parts=build/kinesis
    local stamp="$parts/installed-kinesalite"
    command -v node >/dev/null && command -v npm >/dev/null ||
        die "node and npm are needed: the demo and the tests of the Kinesis sink run against kinesalite, which is a" \
            "program of node. Install the packages nodejs and npm, or run without EXPPLAT_SKIP_SETUP"
    if cmp -s "$stamp" "$from/package-lock.json"; then return 0; fi
    say "installing kinesalite into $parts (npm ci)"
    mkdir -p "$parts"
    rm -f "$stamp"
    cp "$from/package.json" "$from/package-lock.json" "$parts/"
    (cd "$parts" && npm ci --omit=optional --ignore-scripts --no-audit --no-fund >&2) ||
        die "npm could not install kinesalite, which the demo and the tests of the Kinesis sink run against. Its own words" \
            "are above; it needs the npm registry, or a cache of it (npm ci --prefer-offline)"
    cp "$from/package-lock.json" "$stamp"
}

# moto, botocore and aws-kinesis-agg (PyPI), likewise.
setup_moto() {
    local from=tests/support/aws parts=build/kinesis
    local stamp="$parts/installed-moto"
    if cmp -s "$stamp" "$from/requirements.txt"; then return 0; fi
    say "installing moto into $parts (pip install)"
    mkdir -p "$parts"
    rm -f "$stamp"
    if [[ ! -x "$parts/venv/bin/python" ]]; then python3 -m venv "$parts/venv"; fi
    "$parts/venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$from/requirements.txt" ||
        die "pip could not install what $from/requirements.txt lists, which the tests of the Kinesis sink check with. Its" \
            "own words are above; it needs PyPI, or wheels of it (PIP_FIND_LINKS)"
    cp "$from/requirements.txt" "$stamp"
}

# OpenFeature's SDKs and OFREP providers (npm), for the test of the server's OFREP, in versions for node 18, which Debian 12 and
# Ubuntu 24.04 have. Fails where they cannot be had or node is older: the test is then skipped.
setup_openfeature() {
    local from=tests/server/program/openfeature parts=build/openfeature
    local stamp="$parts/installed"
    if cmp -s "$stamp" "$from/package-lock.json"; then return 0; fi
    say "installing OpenFeature's providers into $parts (npm ci)"
    rm -rf "$parts"
    mkdir -p "$parts"
    cp "$from/package.json" "$from/package-lock.json" "$parts/"
    (cd "$parts" && npm ci --engine-strict --ignore-scripts --no-audit --no-fund >&2) ||
        { rm -rf "$parts"; return 1; }
    cp "$from/package-lock.json" "$stamp"
}

# install_venv NAME FILE [PYTHON]: what a requirements file lists (PyPI), in build/NAME/venv. Asks PyPI only where the file has
# changed since; fails where it cannot be had.
install_venv() {
    local parts="build/$1" from="$2" python="${3:-python3}"
    local stamp="$parts/installed"
    if cmp -s "$stamp" "$from"; then return 0; fi
    say "installing $1 into $parts (pip install)"
    rm -rf "$parts"
    mkdir -p "$parts"
    "$python" -m venv "$parts/venv" &&
        "$parts/venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$from" ||
        { rm -rf "$parts"; return 1; }
    cp "$from" "$stamp"
}

# schemathesis, for the test of the server's description; spdx-tools, for that of the bills of materials.
setup_schemathesis() { install_venv schemathesis tests/server/program/schemathesis/requirements.txt; }
setup_spdx() { install_venv spdx packaging/requirements.txt; }

# What builds and tests the Python package.
setup_python() {
    install_venv python tests/python/requirements.txt ||
        die "pip could not install what $PWD/tests/python/requirements.txt lists, which builds and tests the Python package. Its" \
            "own words are above; it needs PyPI, or wheels of it (PIP_FIND_LINKS)"
}

# npm_sources FOLDER VERSION PART...: those parts of the npm package re2's vendor/ into build/FOLDER; bindings/SOURCE says why from
# there, and has the sums. Fails where they cannot be had.
npm_sources() {
    local parts="build/$1" package="re2-$2.tgz" sums="$PWD/bindings/SOURCE"
    if [[ -f "$parts/LICENSE" ]]; then return 0; fi
    say "fetching sources into $parts (npm pack)"
    rm -rf "$parts" "$parts.new"
    mkdir -p "$parts.new"
    (cd "$parts.new" && npm pack --silent "re2@$2" >&2 && grep -E "^[0-9a-f]{64}  $package\$" "$sums" | sha256sum --check --quiet - >&2 &&
        tar -xzf "$package" --strip-components="$3" "${@:4}" && rm "$package") || { rm -rf "$parts.new"; return 1; }
    mv "$parts.new" "$parts"
}

setup_re2_source() { npm_sources re2 1.17.7 2 package/vendor; }
setup_abseil_source() { npm_sources abseil 1.22.1 3 package/vendor/abseil-cpp/absl package/vendor/abseil-cpp/LICENSE; }

# What the Python wheel and the Node addon build from source (bindings/static_libraries.cmake).
setup_static_sources() {
    command -v npm >/dev/null || die "npm is needed: the sources of RE2 and abseil come through it (bindings/SOURCE). Install the" \
        "package npm, or run without EXPPLAT_SKIP_SETUP"
    setup_re2_source && setup_abseil_source ||
        die "npm could not fetch the sources of RE2 and abseil (bindings/SOURCE), which the Python wheel and the Node addon have" \
            "inside. Its own words are above; it needs the npm registry, or a cache of it"
}

# A browser for the tests of the WebAssembly package. Ubuntu has none as a package; the test is skipped without.
setup_chromium() {
    command -v chromium >/dev/null && return 0
    [[ -z "${EXPPLAT_SKIP_SETUP:-}" ]] && has_candidate chromium && apt_get install -y --no-install-recommends chromium >&2
}

# The TypeScript compiler (npm) into build/typescript, for the types of the WebAssembly package. Fails where it cannot be had.
setup_typescript() {
    local parts=build/typescript
    if [[ -f "$parts/node_modules/typescript/bin/tsc" ]]; then return 0; fi
    mkdir -p "$parts"
    npm install --prefix "$parts" --no-save --ignore-scripts --no-audit --no-fund typescript@5.9.3 >&2
}

# dpkg's database and the lists above, by size and time: while neither has changed, a check that has
# passed still holds.
installed_state() { stat -c '%n %s %Y' /var/lib/dpkg/status "${BASH_SOURCE[0]}" 2>/dev/null; }
setup_is_known_good() { [[ -f "$1" && "$(<"$1")" == "$(installed_state)" ]]; }
