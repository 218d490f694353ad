#!/usr/bin/env bash
# e2e: demo
# timeout: 240
# The demo of the README: a federation and ten real welfare funds as eleven daemons on this machine.
# Founds the network, posts each fund's opening, lives through nodes that are down, killed and
# restarted, and ends with the federation's audit, byte for byte the same on every node.
#
# Exit: 0 all as published; 4 a figure or a report differs; 1 anything else. Everything stays under
# build/demo, every process that it starts is ended.
# DEMO_WRONG_SATANG=1 posts one satang too much, to prove that the demo notices.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${SATCHA_BUILD:-build}
satcha=$build/satcha satchad=$build/satchad
work=${DEMO_WORK:-$build/demo}
want_savings="50,117,550.39" want_members="24,841"
declare -A name_th name_en place savings members port pid
funds=()

say() { printf '%s\n' "$*"; }
step() { printf '\n── %s\n' "$*"; }
fail() { printf 'demo: %s\n' "$*" >&2; exit 1; }
differs() { printf 'demo: DIFFERS: %s\n' "$*" >&2; exit 4; }
at() { local home=$1; shift; "$satcha" --home "$work/$home" "$@"; }

finish() {
    local status=$? home
    trap - EXIT
    for home in "${!pid[@]}"; do kill "${pid[$home]}" 2>/dev/null || true; done
    for home in "${!pid[@]}"; do wait "${pid[$home]}" 2>/dev/null || true; done
    exit "$status"
}
trap finish EXIT
trap 'exit 1' INT TERM

start() { # HOME [FLAGS]: a daemon, ready to be asked
    local home=$1 tries=0
    shift
    "$satchad" --home "$work/$home" "$@" >>"$work/$home.log" 2>&1 </dev/null &
    pid[$home]=$!
    until [ -S "$work/$home/control.sock" ] && at "$home" id >/dev/null 2>&1; do
        kill -0 "${pid[$home]}" 2>/dev/null || { tail -3 "$work/$home.log" >&2; fail "the daemon of $home ended"; }
        tries=$((tries + 1))
        [ $tries -lt 400 ] || fail "the daemon of $home does not answer"
        sleep 0.05
    done
}

stop() { # HOME [SIGNAL]
    kill "-${2:-TERM}" "${pid[$1]}"
    wait "${pid[$1]}" 2>/dev/null || true
    unset "pid[$1]"
}

size_at() { # NODE GROUP-ID: how many entries of that ledger the node holds
    at "$1" --json checkpoint "$2" 2>/dev/null | sed -n 's/.*"size": \([0-9]*\).*/\1/p' | head -1
}

own_size() { at "$1" --json status | sed -n 's/^ *"size": \([0-9]*\).*/\1/p' | head -1; }

wait_size() { # NODE GROUP-ID SIZE
    local tries=0
    until [ "$(size_at "$1" "$2")" = "$3" ]; do
        tries=$((tries + 1))
        [ $tries -lt 300 ] || fail "$1 holds $(size_at "$1" "$2") of $3 entries of $2"
        sleep 0.05
    done
}

read_funds() {
    local home th en code be baht count
    while IFS=, read -r home th en code be baht count; do
        [ "$home" = home ] && continue
        funds+=("$home")
        name_th[$home]=$th name_en[$home]=$en place[$home]=$code
        savings[$home]=$baht members[$home]=$count
    done <tests/data/welfare-funds.csv
}

found() {
    local fund cards=()
    for fund in "${funds[@]}"; do
        at "$fund" init --name "${name_th[$fund]}" --name-en "${name_en[$fund]}" --type welfare \
            --place "${place[$fund]}" --listen "127.0.0.1:${port[$fund]}" >/dev/null
        at "$fund" card >"$work/$fund.card"
        cards+=("$work/$fund.card")
        printf '.'
    done
    at federation network found --name "สหพันธ์กองทุนสวัสดิการชุมชน" \
        --name-en "Federation of community welfare funds" \
        --listen "127.0.0.1:${port[federation]}" "${cards[@]}" >/dev/null
    at federation network invite >"$work/invite"
    chmod 600 "$work/invite"
    for fund in "${funds[@]}"; do
        at "$fund" network join "$work/invite" \
            --officer-key "$work/$fund-officers/1.key" >/dev/null
        printf '.'
    done
    say " ${#funds[@]} funds, one federation"
}

open_books() {
    local fund baht
    for fund in "${funds[@]}"; do
        at "$fund" member opening "${members[$fund]}" --op opening-members >/dev/null
        baht=${savings[$fund]}
        if [ "$baht" != N/A ]; then
            [ "${DEMO_WRONG_SATANG:-}" = 1 ] && [ "$fund" = bansong ] && baht=14328280.77
            at "$fund" post opening --account 2110 --amount "$baht" --op opening-savings >/dev/null
        fi
        printf '.'
    done
    say " members counted, savings posted where they are published"
}

# B is down while A posts; C syncs; A stops; B starts, dials C alone, and has A's entry.
meet_through_a_third() {
    local a=bansong b=phonthong c=chawang id size
    start $a
    start $c
    id=$(at $a id)
    at $a note resolution --document "$(printf 'A posts while B is down' | sha256sum | cut -c1-64)" >/dev/null
    size=$(own_size $a)
    wait_size $c "$id" "$size"
    say "$c has all $size entries of $a; now $a stops"
    stop $a
    start $b --dial peers --peer "127.0.0.1:${port[$c]} $(at $c id)"
    wait_size $b "$id" "$size"
    say "$b has them too, from $c: it never met $a"
    stop $b
    stop $c
}

# SIGKILL in the middle of posting: what was acknowledged is there, once.
kill_while_posting() {
    local fund=kutrang i digest acknowledged=0 before after again
    before=$(own_size $fund)
    : >"$work/acknowledged"
    for i in $(seq 1 40); do
        digest=$(printf 'minutes %s' "$i" | sha256sum | cut -c1-64)
        at $fund note minutes --document "$digest" --op "minutes-$i" >/dev/null 2>&1 &&
            echo "$i" >>"$work/acknowledged"
    done &
    local poster=$!
    until [ "$(wc -l <"$work/acknowledged")" -ge 8 ]; do sleep 0.01; done
    stop $fund KILL
    acknowledged=$(wc -l <"$work/acknowledged")
    wait $poster || true
    start $fund
    for i in $(seq 1 40); do
        digest=$(printf 'minutes %s' "$i" | sha256sum | cut -c1-64)
        again=$(at $fund note minutes --document "$digest" --op "minutes-$i")
        case $again in
        already*) ;;
        *) grep -qx "$i" "$work/acknowledged" && differs "acknowledged note $i was lost" ;;
        esac
    done
    after=$(own_size $fund)
    [ $((after - before)) = 40 ] || differs "$((after - before)) notes of $fund instead of 40"
    say "killed after $acknowledged of 40 answers; every note is there, once"
}

wait_all_equal() {
    local fund node size
    for fund in federation "${funds[@]}"; do
        size=$(own_size "$fund")
        for node in federation "${funds[@]}"; do
            wait_size "$node" "$(at "$fund" id)" "$size"
        done
        printf '.'
    done
    say " every node holds every ledger"
}

compare_reports() {
    local node form sum
    at federation cut >"$work/cut"
    for form in "--lang th" "--lang en" "--json"; do
        : >"$work/sums"
        for node in federation "${funds[@]}"; do
            # shellcheck disable=SC2086
            at "$node" $form audit --cut "$work/cut" >"$work/report" || fail "audit at $node"
            sha256sum <"$work/report" >>"$work/sums"
        done
        [ "$(sort -u "$work/sums" | wc -l)" = 1 ] || differs "audit $form is not the same on all nodes"
        sum=$(head -c 16 "$work/sums")
        say "audit $form: ${sum}… on all $(wc -l <"$work/sums") nodes$1"
    done
}

rebuild_all() {
    local node
    for node in federation "${funds[@]}"; do
        at "$node" rebuild >/dev/null
        printf '.'
    done
    say " rebuilt"
}

check_figures() {
    at federation audit --cut "$work/cut" >"$work/audit"
    cat "$work/audit"
    grep -q "6 of 10 report savings" "$work/audit" || differs "coverage is not 6 of 10"
    grep -q "opening incomplete (3900): 6 groups" "$work/audit" || differs "3900 is not open in 6 groups"
    grep -q "$want_savings" "$work/audit" || differs "pledged savings are not $want_savings"
    grep -q "$want_members" "$work/audit" || differs "members are not $want_members"
}

[ -x "$satcha" ] && [ -x "$satchad" ] || fail "build first: make"
rm -rf "$work"
mkdir -p "$work"
read_funds
next=${DEMO_PORT:-$((10240 + $$ % 1000 * 20))} # below the ports of outgoing connections
for home in federation "${funds[@]}"; do port[$home]=$((next++)); done

step "founding the network"
found
step "opening the books of ten funds"
open_books
step "B is down while A posts; B starts with C's address alone"
meet_through_a_third
step "eleven daemons"
for home in federation "${funds[@]}"; do start "$home"; printf '.'; done
say " started"
wait_all_equal
step "a daemon is killed while it posts"
kill_while_posting
step "a restart"
stop thangam
start thangam
wait_all_equal
step "the same cut on every node"
compare_reports ""
rebuild_all
compare_reports " after rebuild"
step "the federation's audit"
check_figures
say
say "demo: all figures are as published; 11 nodes agree byte for byte"
