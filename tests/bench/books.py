"""A group's own books: appends, an import, trial balance and rebuild, through a running daemon."""
import csv
import datetime
import json
import os
import shutil
import subprocess
import sys
import time

import nodes
import peers
from control import Reader
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

def leaves(path):
    """The entries that `satcha log --raw` wrote: 2 bytes of length, big endian, and the leaf."""
    with open(path, "rb") as f:
        data = f.read()
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at:at + 2], "big")
        yield Reader(data[at + 2:at + 2 + length]).value()
        at += 2 + length


def write_ledger(raw, path):
    """The postings of a ledger in ledger's format; their number."""
    transactions, epoch = 0, datetime.date(1970, 1, 1)
    with open(path, "w") as f:
        for _, _, days, _, _, _, posts, _, _, _ in leaves(raw):
            if not posts:
                continue
            transactions += 1
            f.write("%s entry\n" % (epoch + datetime.timedelta(days)).isoformat())
            for account, _, satang in posts:
                f.write("    %d  %s THB\n" % (account, berka.baht(satang)))
            f.write("\n")
    return transactions


def check_ledger(printed, total):
    cash = [line.split() for line in printed.splitlines() if line.split()[-1:] == ["1110"]]
    if len(cash) != 1 or cash[0][0].replace(",", "") != berka.baht(total):
        raise AssertionError("ledger says %r, %s was posted" % (cash, berka.baht(total)))


def cash_of(daemon, **group):
    for row in daemon.control.ask("balance", **group)["rows"]:
        if row["account"] == 1110:
            return row["debit"] - row["credit"]
    return 0


def check_cash(daemon, total, **group):
    if cash_of(daemon, **group) != total:
        raise AssertionError("cash is %d, %d was posted" % (cash_of(daemon, **group), total))


def books(figures):
    """The trial balance of 100,000 two-posting entries: read from the projections, rebuilt from the
    log where it is audited (a ledger of another group, as public headers say it), and as `ledger`
    computes it from the same entries. The author's own rebuild, with private lines, is printed."""
    folder = workspace("books")
    made = nodes.make_homes(folder, 1, size(100000), *(
        "127.0.0.1:%d" % nodes.free_port() for _ in range(2)))
    raw, theirs = os.path.join(folder, "raw"), os.path.join(folder, "in.ledger")
    daemon = Daemon(folder + "/giver", "--no-dial")
    group = {"group": made["first"]}
    run_satcha(daemon.home, "log", made["first"], "--raw", raw)
    if write_ledger(raw, theirs) != made["entries"] - 1:
        raise AssertionError("the raw log is not whole")
    check_cash(daemon, made["satang"], **group)
    figures.add("trial_balance_ms", median(timed(daemon, "balance", 21, **group)) * 1000)
    rebuild = median(timed(daemon, "rebuild", 5))
    check_cash(daemon, made["satang"], **group)
    daemon.stop()
    figures.add("rebuild_s", rebuild)
    say("rebuild %.3f s; the author's own, with private lines, %.3f s" % (rebuild, own_rebuild()))
    seconds, printed = peers.ledger_seconds(theirs)
    check_ledger(printed, made["satang"])
    say("ledger bal %.2f s" % seconds)
    figures.add("rebuild_vs_ledger", seconds / rebuild)
    shutil.rmtree(folder)


def deposit_rows(count):
    """(date, event, member, amount)"""
    for i in range(count):
        yield ("2025-%02d-%02d" % (1 + i * 12 // count, 1 + i * 336 // count % 28), "deposit",
               1 + i * 7919 % MEMBERS, berka.baht(10000 + i * 31 % 2000 * 100))


def own_rebuild():
    """Seconds to rebuild a group's own books: 100,000 deposits of 1,000 members, one entry each."""
    folder = workspace("own")
    path = os.path.join(folder, "in.csv")
    with open(path, "w", newline="") as f:
        out = csv.writer(f)
        out.writerow("date event member amount".split())
        out.writerows(deposit_rows(size(100000)))
    daemon = Daemon(found(folder))
    run_satcha(daemon.home, "import", path, "--per-row", "--new-members")
    before = cash_of(daemon)
    seconds = median(timed(daemon, "rebuild", 3))
    check_cash(daemon, before)
    daemon.stop()
    shutil.rmtree(folder)
    return seconds


def timed(daemon, request, times, **arguments):
    taken = []
    for _ in range(times):
        begin = time.monotonic()
        frame = daemon.control.ask_raw(request, **arguments)
        taken.append(time.monotonic() - begin)
        if frame[1] != 0:
            raise AssertionError("%s: %r" % (request, frame[:200]))
    return taken
