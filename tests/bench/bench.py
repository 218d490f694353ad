"""Runs the measures and writes build/bench.json and a table (tests/bench/run.sh).

A measure that this machine cannot make (no npm, no `ledger`) is skipped with a line. Sizes are a
tenth with QUICK=1, and the figures then say little about the goals. Exit status 1 when a measure
failed; a goal that is missed is no failure, the table says it.
"""
import os
import sys
import time
import traceback

import books
import figures
import nodes
import peers
import sync

MEASURES = {
    "sync": (sync.sync, "1,000,000 entries between two daemons"),
    "hypercore": (peers.hypercore, "200,000 blocks of 200 bytes between two hypercores"),
    "many": (sync.many, "1,000,000 entries of 2,669 groups; memory; audit"),
    "small": (sync.small, "200,000 entries of 16,000 groups"),
    "idle": (sync.idle, "nothing new, 80,000 groups"),
    "append": (books.append, "own appends against fsync of the same disk"),
    "import": (books.import_file, "one file of 49,028 lines"),
    "books": (books.books, "trial balance and rebuild of 100,000 entries, against ledger"),
}


def main(names):
    unknown = [name for name in names if name not in MEASURES]
    if unknown:
        print("%s: no such measure; there are:" % ", ".join(unknown), file=sys.stderr)
        for name, (_, what) in MEASURES.items():
            print("  %-10s %s" % (name, what), file=sys.stderr)
        return 2
    found, failed, begin = figures.Figures(), [], time.monotonic()
    for name in names or MEASURES:
        measure, what = MEASURES[name]
        print("%s: %s" % (name, what), flush=True)
        try:
            measure(found)
        except nodes.Skip as why:
            print("  skipped: %s" % why)
        except Exception:  # one broken measure does not take the others away
            traceback.print_exc()
            failed.append(name)
    path = os.path.join(nodes.BUILD, "bench.json")
    found.write(path)
    print("\n" + found.table())
    print("\n%s%.0f s; %s written" % ("QUICK, a tenth of the sizes; " if nodes.QUICK else "",
                                      time.monotonic() - begin, os.path.relpath(path, nodes.ROOT)))
    if failed:
        print("failed: " + ", ".join(failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
