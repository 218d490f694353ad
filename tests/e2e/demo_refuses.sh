#!/usr/bin/env bash
# e2e: the demo notices one wrong satang, and leaves nothing behind
# timeout: 120
set -u
cd "$(dirname "$0")/../.."
build=${SATCHA_BUILD:-build}
work=$build/e2e/demo-wrong
mkdir -p "$build/e2e"
before=$(git status --porcelain 2>/dev/null)
DEMO_WORK=$work DEMO_WRONG_SATANG=1 tests/e2e/demo.sh >"$build/e2e/demo-wrong.log" 2>&1
status=$?
if [ "$status" != 4 ]; then
    tail -5 "$build/e2e/demo-wrong.log"
    echo "one satang too much: exit $status, wanted 4"
    exit 1
fi
grep -q "pledged savings are not 50,117,550.39" "$build/e2e/demo-wrong.log" || {
    echo "the demo did not say which figure differs"
    exit 1
}
if pgrep -f "$work/" >/dev/null; then
    echo "the demo left a process"
    exit 1
fi
if [ "$before" != "$(git status --porcelain 2>/dev/null)" ]; then
    echo "the demo changed files outside build/"
    exit 1
fi
echo "one wrong satang: exit 4; no process left, no file outside build/"
