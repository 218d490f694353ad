"""A group's own books: appends, an import, trial balance and rebuild, through a running daemon."""
import csv
import json
import os
import shutil
import subprocess
import sys
import time

import nodes
import peers
from nodes import ROOT, SHARED, Daemon, median, program, say, size, workspace

sys.path.append(os.path.join(ROOT, "tests", "e2e"))
import berka  # noqa: E402

MEMBERS = 1000


def run_satcha(home, *words):
    done = subprocess.run([program("satcha"), "--home", home, *words], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise AssertionError("satcha %s: %s" % (" ".join(words),
                                                (done.stdout + done.stderr).decode()[-500:]))
    return done.stdout.decode()


def found(folder, *flags):
    home = os.path.join(folder, "home")
    run_satcha(home, "init", "--name", "กลุ่มออมทรัพย์", "--type", "savings", "--listen",
               "127.0.0.1:%d" % nodes.free_port(), "--officers", os.path.join(folder, "officers"),
               *flags)
    return home


def append(figures):
    """A deposit by the control socket, from the request to the reply, against an fsync of the same
    disk, in turn."""
    folder = workspace("append")
    home = found(folder)
    run_satcha(home, "member", "join", "42")
    daemon = Daemon(home)
    out = subprocess.run([program("bench", "bench_append"), home, os.path.join(folder, "probe"),
                          str(size(2000))], stdout=subprocess.PIPE, check=True).stdout
    measured = json.loads(out)
    daemon.stop()
    say("medians: an append %.0f us, an fsync of 4 KiB %.0f us" % (measured["append_us"],
                                                                    measured["fsync_us"]))
    figures.add("append_vs_fsync", measured["append_us"] / measured["fsync_us"])
    shutil.rmtree(folder)


# --- import ---

def berka_rows():
    """Every district in one group, in order of date."""
    rows = [row for district in berka.read_rows(os.path.join(SHARED, "data", "berka")).values()
            for row in district]
    rows.sort(key=lambda row: (row["date"], int(row["account_id"]), int(row["seq"])))
    return rows


def made_rows(lines):
    """The same number of lines where the shared data is absent."""
    return [{"date": "1993-%02d-%02d" % (1 + i * 12 // lines, 1 + i * 336 // lines % 28),
             "account_id": 1 + i * 7919 % 1229, "seq": i, "trans_id": "row-%d" % i, "k_symbol": "",
             "signed_haler": 10000 + i % 500 * 100, "residual_haler": 0, "balance_haler": 0}
            for i in range(lines)]


def import_file(figures):
    """One file, one atomic operation: seconds of the whole command, the median of three homes."""
    if os.path.isdir(os.path.join(SHARED, "data", "berka")):
        rows = berka_rows()
    else:
        rows = made_rows(49028)
        say("no shared data: lines are made")
    runs = [import_once(rows[:size(len(rows))]) for _ in range(nodes.RUNS)]
    lines, seconds = runs[0][0], median(run[1] for run in runs)
    say("%s lines in %.2f s (to be under 10 s)" % (format(lines, ","), seconds))
    figures.add("batch_lines_per_s", lines / seconds)


def import_once(rows):
    """(lines, seconds)"""
    folder = workspace("import")
    policy, path = os.path.join(folder, "policy"), os.path.join(folder, "all.csv")
    with open(policy, "w") as f:
        f.write("overdraft = yes\n")
    home = found(folder, "--policy", policy)
    lines = len(berka.write_csv(path, rows))
    daemon = Daemon(home)
    begin = time.monotonic()
    run_satcha(home, "import", path, "--new-members")
    seconds = time.monotonic() - begin
    daemon.stop()
    shutil.rmtree(folder)
    return lines, seconds


# --- trial balance, rebuild, ledger ---

def deposit_rows(count):
    """Two-posting entries: (date, member, satang)."""
    for i in range(count):
        yield ("2025-%02d-%02d" % (1 + i * 12 // count, 1 + i * 336 // count % 28),
               1 + i * 7919 % MEMBERS, 10000 + i * 31 % 2000 * 100)


def write_files(folder, count):
    """The same entries as a file to import and as ledger's; (import, ledger, sum)."""
    ours, theirs = (os.path.join(folder, name) for name in ("in.csv", "in.ledger"))
    total = 0
    with open(ours, "w", newline="") as a, open(theirs, "w") as b:
        out = csv.writer(a)
        out.writerow("date event member amount".split())
        for date, member, satang in deposit_rows(count):
            amount = "%d.%02d" % divmod(satang, 100)
            total += satang
            out.writerow([date, "deposit", member, amount])
            b.write("%s deposit\n    1110  %s THB\n    2110:%d\n\n" % (date, amount, member))
    return ours, theirs, total


def balance_of(daemon, account):
    for row in daemon.control.ask("balance")["rows"]:
        if row["account"] == account:
            return row["debit"] - row["credit"]
    return 0


def check_ledger(printed, total):
    cash = [line for line in printed.splitlines() if line.split()[-1:] == ["1110"]]
    wanted = "%d.%02d" % divmod(total, 100)
    if len(cash) != 1 or cash[0].split()[0].replace(",", "") != wanted:
        raise AssertionError("ledger says %r, %s was posted" % (cash, wanted))


def books(figures):
    """100,000 two-posting entries."""
    folder = workspace("books")
    count = size(100000)
    ours, theirs, total = write_files(folder, count)
    home = found(folder)
    daemon = Daemon(home)
    begin = time.monotonic()
    run_satcha(home, "import", ours, "--per-row", "--new-members")
    say("imported one by one in %.1f s" % (time.monotonic() - begin))
    times = timed(daemon, "balance", 21)
    figures.add("trial_balance_ms", median(times) * 1000)
    if balance_of(daemon, 1110) != total:
        raise AssertionError("cash is %d, %d was posted" % (balance_of(daemon, 1110), total))
    rebuild = median(timed(daemon, "rebuild", 3))
    if balance_of(daemon, 1110) != total:
        raise AssertionError("the rebuilt cash differs")
    daemon.stop()
    figures.add("rebuild_s", rebuild)
    seconds, printed = peers.ledger_seconds(theirs)
    check_ledger(printed, total)
    say("rebuild %.3f s, ledger bal %.2f s" % (rebuild, seconds))
    figures.add("rebuild_vs_ledger", seconds / rebuild)
    shutil.rmtree(folder)


def timed(daemon, request, times):
    taken = []
    for _ in range(times):
        begin = time.monotonic()
        frame = daemon.control.ask_raw(request)
        taken.append(time.monotonic() - begin)
        if frame[1] != 0:
            raise AssertionError("%s: %r" % (request, frame[:200]))
    return taken
