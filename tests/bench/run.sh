#!/bin/sh
# Measures what satcha promises and writes build/bench.json (bench.py says which measures there
# are): tests/bench/run.sh [MEASURE...], without a name all of them. QUICK=1: a tenth of the sizes.
cd "$(dirname "$0")/../.." || exit 2
if ! command -v python3 >/dev/null 2>&1; then
    echo "skipped: the measures need python3"
    exit 0
fi
exec python3 -B tests/bench/bench.py "$@"
