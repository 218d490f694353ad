#!/usr/bin/env bash
# Runs gates and tests, two at a time, and counts them. The last line is
# `N passed, N failed, N skipped`; exit 1 when anything failed.
#
#   mk/check.sh               everything
#   mk/check.sh STEP...       the named ones: gcc clang san lint format tidy analyze planted
#                             unit unit-san fuzz e2e, or one script tests/e2e/NAME
#   mk/check.sh programs F... the cmocka programs F
#
# A step is a command. Its output goes to build/log/STEP.log and is shown when it fails. A cmocka
# program counts each of its tests; a step whose last line is itself `N passed, N failed,
# N skipped` counts as that; any other counts as one, and is skipped when it exits with 77 (its
# last line says why).
set -u
cd "$(dirname "$0")/.." || exit 2
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
log=build/log
e2e_seconds=300 # unless the script's head says `# timeout: SECONDS`
jobs=2
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0
export UBSAN_OPTIONS=print_stacktrace=1

gate_make() { make --no-print-directory "$@"; }
step_gcc() { gate_make -j$jobs -k BUILD=build/gcc CC=gcc WERROR=-Werror everything; }
step_clang() { gate_make -j$jobs -k BUILD=build/clang CC=clang WERROR=-Werror everything; }
step_san() {
    gate_make -j$jobs -k BUILD=build/san CC=clang SANITIZE=1 CFLAGS='-O1 -g' everything
}
step_user() { gate_make -j$jobs runnable; }
step_lint() { tests/lint/lint.py; }
step_format() { gate_make format-check; }
step_tidy() { gate_make -k tidy; }
step_analyze() { gate_make analyze; }
step_planted() { tests/lint/planted.sh; }

# count LOG STATUS: prints "passed failed skipped".
count() {
    awk -v status="$2" '
        /^\[  PASSED  \] [0-9]+ test/ { passed += $4; cmocka = 1 }
        /^\[  FAILED  \] [0-9]+ test/ { failed += $4 }
        /^\[  SKIPPED \] [0-9]+ test/ { skipped += $4 }
        { last = $0 }
        END {
            if (last ~ /^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/) {
                split(last, own, /[ ,]+/)
                passed = own[1]; failed = own[3]; skipped = own[5]
            } else if (!cmocka) {
                passed = status == 0; skipped = status == 77
            }
            if (status != 0 && status != 77 && failed == 0) failed = 1
            print passed + 0, failed + 0, skipped + 0
        }' "$1"
}

# run NAME COMMAND...: one step, one line, and its figures for the sum.
run() {
    local name=$1 file="$log/${1//\//-}" start=$EPOCHREALTIME status figures word
    shift
    "$@" >"$file.log" 2>&1 </dev/null
    status=$?
    figures=$(count "$file.log" $status)
    read -r passed failed skipped <<<"$figures"
    word=ok
    ((skipped > 0 && passed == 0)) && word=skip
    ((failed > 0)) && word=FAIL
    {
        awk -v a="$start" -v b="$EPOCHREALTIME" -v w="$word" -v n="$name" -v p="$passed" \
            -v f="$failed" -v s="$skipped" 'BEGIN {
                printf "%-5s%7.1f s  %s", w, b - a, n
                if (p + f + s > 1) printf " (%d passed, %d failed, %d skipped)", p, f, s
                print "" }'
        if [ $word = FAIL ]; then
            {
                grep -E 'ERROR: |runtime error|error:|^\[  FAILED' "$file.log" | head -n 10
                echo ...
                tail -n 25 "$file.log"
            } | sed 's/^/      | /'
            echo "      | exit status $status; all of it: $file.log"
        elif [ "$skipped" -gt 0 ]; then
            grep -E '^\[  SKIPPED \] [a-z]|[Ss]kip' "$file.log" | tail -n 3 | sed 's/^/      | /'
        fi
    } >"$file.line" # printed at once: the other lane prints too
    cat "$file.line"
    echo "$figures" >"$state/${name//\//-}.count"
}

# Jobs are `name<TAB>command`. Two lanes claim them by mkdir: one begins with the end-to-end
# scripts, the other with everything else, and each ends by helping the other.
lane() {
    local job name
    for job in "$@"; do
        name=${job%%$'\t'*}
        if mkdir "$state/${name//\//-}.claim" 2>/dev/null; then
            eval "run $name ${job#*$'\t'}"
        fi
    done
}

# `timeout` makes a process group of its own, which Ctrl-C does not reach.
kill_tree() { # pids
    local pid
    for pid in "$@"; do
        kill_tree $(cat "/proc/$pid/task/$pid/children" 2>/dev/null)
        kill "$pid" 2>/dev/null
    done
}

first=() second=()
add_programs() { # prefix, files
    local prefix=$1 file
    shift
    for file in "$@"; do second+=("$prefix-$(basename "$file")"$'\t'"program $file"); done
}
program() {
    if [ ! -x "$1" ]; then
        echo "$1 is not built: see the step that compiles it"
        return 1
    fi
    timeout -k 10 300 "$1"
}
units() { # the programs that the sources ask for, below this directory
    local source
    for source in tests/unit/test_*.c tests/sim/test_*.c; do
        [ -e "$source" ] && echo "$1/$(basename "$source" .c)"
    done
}
add_fuzz() {
    local source name
    for source in tests/fuzz/fuzz_*.c; do
        [ -e "$source" ] || continue
        name=$(basename "$source" .c)
        second+=("corpus-$name"$'\t'"replay $name tests/fuzz/corpus/${name#fuzz_}")
    done
}
replay() {
    if [ -z "$(ls "$2" 2>/dev/null)" ]; then
        echo "$2 is empty: a fuzz target keeps its corpus in the tree"
        return 1
    fi
    # 77, libFuzzer's own exit status for a crash, would mean "skipped" here.
    timeout -k 10 300 "build/san/fuzz/$1" -error_exitcode=70 -timeout_exitcode=70 -runs=0 "$2"
}
add_e2e() { # files
    local file limit
    for file in "$@"; do
        [ -e "$file" ] && head -n 5 "$file" | grep -q '^# e2e:' || continue
        limit=$(sed -n '1,9s/^# timeout: *\([0-9]*\).*/\1/p' "$file")
        first+=("e2e-$(basename "$file")"$'\t'"timeout -k 20 ${limit:-$e2e_seconds} $file")
    done
}
add() { # step
    case $1 in
    gcc | clang | san | user) run "$1" "step_$1" ;; # uses both cores itself: now, alone
    lint | format | tidy | analyze | planted) second+=("$1"$'\t'"step_$1") ;;
    unit) add_programs unit $(units build/gcc/test) ;;
    unit-san) add_programs san $(units build/san/test) ;;
    fuzz) add_fuzz ;;
    e2e) add_e2e tests/e2e/*.sh tests/e2e/*.py ;;
    tests/e2e/*) add_e2e "$1" ;;
    *)
        echo "mk/check.sh: there is no step '$1'; its first lines list them" >&2
        exit 2
        ;;
    esac
}

state=$log/run.$$ # counts and claims of this run: another one may go on beside it
mkdir -p $state
trap 'rm -rf $state' EXIT
trap 'trap - INT TERM; kill_tree $(jobs -p); exit 130' INT TERM
start=$EPOCHREALTIME
if [ "${1:-}" = programs ]; then
    shift
    add_programs unit "$@"
else
    [ $# -gt 0 ] || set -- user gcc clang san e2e tidy planted analyze lint format unit unit-san fuzz
    for step in "$@"; do add "$step"; done
fi
lane "${first[@]}" "${second[@]}" &
lane "${second[@]}" "${first[@]}" &
wait

awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.0f s\n", b - a }'
cat $state/*.count 2>/dev/null | awk '{ p += $1; f += $2; s += $3 }
    END { printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 }'
