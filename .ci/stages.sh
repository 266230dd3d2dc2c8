# The stages of `./dev test`, in order. Sourced by ./dev.
#
# A stage is a function stage_<name>; it runs in a process of its own with its output in a log, passes
# where it ends with 0, is skipped where it ends with 77, and fails otherwise. It counts as one test
# unless it runs ctest, whose own counts it writes to $STAGE_COUNTS.

stages=(architecture packaging format headers unit kinesis cli consumers wasm node python asan-ubsan tsan fuzz instructions)

stage_architecture() {
    tests/architecture/check.py --self-test
    bench/instructions.py --self-test
    tests/architecture/check.py
}

stage_packaging() {
    if setup_spdx; then
        packaging/check.py build/spdx/venv/bin/pyspdxtools
    else
        echo "skipped: the bills of materials are not validated: pip could not install spdx-tools"
        packaging/check.py
    fi
}

stage_format() { check_format; }

stage_headers() { tests/headers/compile_alone.py --jobs "$JOBS"; }

stage_unit() {
    setup_openfeature || echo "skipped: server_program.openfeature: npm could not install OpenFeature's providers"
    setup_schemathesis || echo "skipped: server_program.schemathesis: pip could not install schemathesis"
    build_preset dev
    run_ctest dev "$@"
}

stage_kinesis() {
    setup_kinesalite
    setup_moto
    build_preset dev expplat_kinesis_send expplat_cli expplat_kinesis expplat_server
    build/kinesis/venv/bin/python tests/kinesis/kinesis_test.py --send build/dev/tests/expplat_kinesis_send \
        --cli build/dev/bin/expplat --example build/dev/examples/expplat_kinesis --parts build/kinesis
    build/kinesis/venv/bin/python tests/server/program/bucket.py build/dev/bin/expplat-server
    build/kinesis/venv/bin/python tests/server/program/event_stream.py build/dev/bin/expplat-server --parts build/kinesis \
        Kinesalite
}

stage_cli() {
    build_preset dev expplat_cli
    tests/cli/smoke.py build/dev/bin/expplat
}

stage_consumers() {
    configure_preset release -DEXPPLAT_BUILD_BENCH=OFF -DEXPPLAT_BUILD_SERVER=OFF
    build_preset release
    tests/consumers/run release
    tests/csharp/run release
}

stage_wasm() {
    build_wasm
    setup_typescript || echo "skipped: the types of the WebAssembly package: npm could not install typescript"
    setup_chromium || echo "skipped: the WebAssembly package in a browser: there is no package chromium"
    build_preset dev expplat_cli
    EXPPLAT_CLI=build/dev/bin/expplat run_node_tests tests/wasm/*.test.mjs
}

# The package of the WebAssembly binding, in build/wasm/package.
build_wasm() {
    local platform re2=""
    platform="$(dirname "$(readlink -f "$(command -v emcc)")")/cmake/Modules/Platform/Emscripten.cmake"
    if setup_re2_source; then
        re2="$PWD/build/re2"
    else
        echo "skipped: WebAssembly with patterns: npm could not fetch RE2's sources"
    fi
    mkdir -p build/wasm
    cmake -S bindings/wasm -B build/wasm -G Ninja -DCMAKE_TOOLCHAIN_FILE="$platform" -DEXPPLAT_RE2_SOURCE="$re2"
    cmake --build build/wasm --parallel "$JOBS"
}

stage_python() {
    setup_python
    build_wheel build/python/venv/bin/python
    build/python/venv/bin/python -m pytest -q -p no:cacheprovider "$@" tests/python
}

# build_wheel PYTHON: the wheel for that interpreter, in build/python/wheels, and installed into its own environment.
build_wheel() {
    local python="$1" built
    setup_static_sources
    built="$(mktemp -d build/python/wheel.XXXXXX)"
    CMAKE_BUILD_PARALLEL_LEVEL="$JOBS" "$python" -m pip wheel --quiet --disable-pip-version-check --no-deps \
        --no-build-isolation --wheel-dir "$built" ./bindings/python
    mkdir -p build/python/wheels
    PATH="$PWD/$(dirname "$python"):$PATH" "$python" -m auditwheel repair --wheel-dir build/python/wheels \
        "$built"/*.whl 2>"$built/log" || { cat "$built/log" >&2; die "auditwheel could not repair the wheel"; }
    rm -rf "$built"
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps --no-index --force-reinstall \
        --find-links build/python/wheels expplat
}

# run_node_tests FILE...: by node's own runner; its counts are the stage's.
run_node_tests() {
    local status=0 tap="build/logs/node-tests-$$.tap"
    mkdir -p build/logs
    node --test --test-reporter=tap "$@" >"$tap" || status=$?
    cat "$tap"
    sed -n 's/^ *ok [0-9]* - \(.*\) # SKIP \(.*\)/skipped: \1: \2/p' "$tap"
    awk '/^# (pass|fail|skipped) /{ count[$2] = $3 } END { print count["pass"], count["fail"], count["skipped"] }' "$tap" \
        >"${STAGE_COUNTS:-/dev/null}"
    rm -f "$tap"
    return "$status"
}

# The package of the Node binding, in build/node/package.
build_node_package() {
    command -v node >/dev/null && command -v npm >/dev/null ||
        die "node and npm are needed for the Node binding. Install the packages nodejs and npm, or run without EXPPLAT_SKIP_SETUP"
    setup_static_sources
    say "building the Node package (the first time takes minutes)"
    mkdir -p build/node
    bindings/node/build.mjs >build/node/build.log 2>&1 ||
        { cat build/node/build.log >&2; die "the Node package could not be built"; }
}

stage_node() {
    build_node_package
    run_node_tests build/node/package/tests/*.test.mjs
}

stage_asan-ubsan() {
    if [[ -n "${EXPPLAT_FULL:-}" ]]; then
        build_preset asan-ubsan
        run_ctest asan-ubsan
    else
        build_preset asan-ubsan expplat_quick_tests
        echo "skipped: plugin tests: what an unloaded library kept looks like a leak"
        echo "skipped: TooManyFlagsAreRefusedWithoutReadingThemAll: too slow under sanitizers"
        # _NOT_BUILT is ctest's word for the slow ones
        run_ctest asan-ubsan --label-exclude slow --exclude-regex '_NOT_BUILT$|Plugins\.|TooManyFlagsAreRefused'
    fi
}

stage_tsan() {
    build_preset tsan expplat_tsan_tests
    run_ctest tsan --label-regex tsan
}

stage_fuzz() {
    build_preset fuzz expplat_fuzz_targets
    local seconds=30
    if [[ -n "${EXPPLAT_FULL:-}" ]]; then seconds=300; else export EXPPLAT_FUZZ_SEED=1; fi
    local -a targets
    mapfile -t targets < <(fuzz_targets)
    ((${#targets[@]} > 0)) || die "the fuzz preset built no target"
    printf '%s\n' "${targets[@]}" | xargs -P "$JOBS" -I '{}' "$SCRIPT" fuzz-one '{}' "$seconds"
}

stage_instructions() {
    configure_preset release -DEXPPLAT_BUILD_BENCH=ON
    build_preset release expplat_instructions
    bench/instructions.py build/release/bench/expplat_instructions --jobs "$JOBS"
}

# run_ctest PRESET [ctest's own selection...]: fails where a test fails or none ran. die_after_fork=0 lets a child
# of a program with threads start its own under ThreadSanitizer, as a client after `fork` does.
run_ctest() {
    local preset="$1" status=0
    shift
    local junit="$PWD/build/$preset/junit.xml"
    rm -f "$junit"
    ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1 \
        UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS=halt_on_error=1:die_after_fork=0 \
        without_randomised_addresses ctest --test-dir "build/$preset" --parallel "$JOBS" \
        --output-on-failure --no-tests=error --output-junit "$junit" "$@" || status=$?
    if [[ -s "$junit" ]]; then .ci/ctest_counts.py "$junit" "$STAGE_COUNTS"; fi
    return "$status"
}

# Sanitizers reserve fixed addresses, and on kernels with much address randomisation clang 14's find
# them taken now and then. A container may forbid switching it off; then they run as they are.
without_randomised_addresses() {
    if setarch "$(uname -m)" -R true 2>/dev/null; then setarch "$(uname -m)" -R "$@"; else "$@"; fi
}

# The names of the built fuzz targets: expplat_json_fuzz is `json`.
fuzz_targets() {
    local program
    for program in build/fuzz/fuzz/expplat_*_fuzz; do
        [[ -x "$program" ]] || continue
        program="${program##*/expplat_}"
        echo "${program%_fuzz}"
    done
}

# run_fuzz TARGET SECONDS: from the committed seeds; what it finds new stays under build/. EXPPLAT_FUZZ_SEED makes it
# draw the same each time; without, each run draws its own. The log of a target is one of its own, because several run
# side by side.
run_fuzz() {
    local target="$1" seconds="$2"
    local program="build/fuzz/fuzz/expplat_${target}_fuzz" found="build/fuzz/found/$target"
    [[ -x "$program" ]] || die "no fuzz target \`$target\`; there are: $(fuzz_targets | tr '\n' ' ')"
    mkdir -p "$found" "build/fuzz/crashes" "fuzz/corpus/$target"
    local log="build/logs/fuzz-$target.log"
    mkdir -p build/logs
    local -a dictionary=()
    if [[ -f "fuzz/dictionaries/$target.dict" ]]; then
        dictionary=("-dict=fuzz/dictionaries/$target.dict")
    elif [[ "$target" == json ]]; then
        dictionary=(-dict=fuzz/dictionaries/ruleset.dict)
    fi
    say "fuzzing $target for $seconds s"
    ASAN_OPTIONS=detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1 \
        without_randomised_addresses "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1 -seed="${EXPPLAT_FUZZ_SEED:-0}" \
        -artifact_prefix="build/fuzz/crashes/$target-" "${dictionary[@]}" \
        "$found" "fuzz/corpus/$target" >"$log" 2>&1 || {
        tail -n 60 "$log"
        die "fuzz target $target failed; its input is under build/fuzz/crashes/ (run the program on that file)"
    }
    grep '^stat::number_of_executed_units' "$log"
}

# --- running them -----------------------------------------------------------------------------------

passed=0 failed=0 skipped=0
declare -a summary=()

# run_stage NAME [ARGS...]: its counts are added, its row joins the summary.
run_stage() {
    local name="$1" status=0 started seconds log="build/logs/$1.log" counts="build/logs/$1.counts"
    local stage_passed=0 stage_failed=0 stage_skipped=0 word=passed
    mkdir -p build/logs
    rm -f "$counts"
    printf '%-14s' "$name"
    started="$(date +%s.%N)"
    STAGE_COUNTS="$counts" "$SCRIPT" stage "$@" >"$log" 2>&1 || status=$?
    seconds="$(awk -v a="$started" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f", b - a }')"
    if [[ -s "$counts" ]]; then
        read -r stage_passed stage_failed stage_skipped <"$counts"
        if ((status != 0 && stage_failed == 0)); then stage_failed=1; fi
    else
        case "$status" in
            0) stage_passed=1 ;;
            77) stage_skipped=1 word=skipped ;;
            *) stage_failed=1 ;;
        esac
    fi
    if ((stage_failed > 0)); then word=FAILED; fi
    printf '%8s s  %s\n' "$seconds" "$word"
    grep -E '^ *skipped: ' "$log" || true
    if [[ "$word" == FAILED ]]; then
        echo "--- the end of $log"
        tail -n 80 "$log"
        echo "---"
    fi
    passed=$((passed + stage_passed)) failed=$((failed + stage_failed)) skipped=$((skipped + stage_skipped))
    summary+=("$(printf '%-14s %8s s  %5d passed %4d failed %4d skipped' \
        "$name" "$seconds" "$stage_passed" "$stage_failed" "$stage_skipped")")
}

# With a NAME: the stage of that name; else the stages whose name has it, and the unit tests whose
# ctest name has it.
run_stages() {
    local wanted="$1" name
    local -a chosen=()
    for name in "${stages[@]}"; do
        if [[ -z "$wanted" || "$name" == "$wanted" ]]; then chosen+=("$name"); fi
    done
    if ((${#chosen[@]} > 0)); then
        for name in "${chosen[@]}"; do run_stage "$name"; done
    else
        for name in "${stages[@]}"; do
            if [[ "$name" != unit && "$name" == *"$wanted"* ]]; then run_stage "$name"; fi
        done
        run_stage unit --tests-regex "$wanted"
    fi
    echo
    printf '%s\n' "${summary[@]}"
    echo "total ${SECONDS} s"
    echo "$passed passed, $failed failed, $skipped skipped"
    ((failed == 0))
}
