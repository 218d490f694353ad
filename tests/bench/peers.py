"""The programs that satcha is measured against: hypercore over the loopback, `ledger` on a file.

hypercore comes from the npm registry into build/bench/npm, once; nothing of it is kept in the
project. Its version is fixed so that two runs measure the same.
"""
import json
import os
import shutil
import subprocess
import time

import nodes
from nodes import ROOT, Skip, median, say, size, start, wait_for, workspace

HYPERCORE = "hypercore@11.37.1"
BLOCK_BYTES = 200
NPM = os.path.join(nodes.BUILD, "bench", "npm")
SCRIPT = os.path.join(ROOT, "tests", "bench", "hypercore.js")


def install():
    if os.path.isdir(os.path.join(NPM, "node_modules", "hypercore")):
        return
    if not shutil.which("node") or not shutil.which("npm"):
        raise Skip("no node or npm here (Debian: nodejs npm)")
    os.makedirs(NPM, exist_ok=True)
    with open(os.path.join(NPM, "package.json"), "w") as f:
        f.write("{}\n")
    done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock",
                           HYPERCORE], cwd=NPM, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=300, check=False)
    if done.returncode != 0:
        raise Skip("npm cannot install %s: %s" % (HYPERCORE, done.stdout.decode()[-200:].strip()))


def run_hypercore(folder, blocks):
    """{"blocks", "seconds", "cpu_us"} of the receiving process."""
    environment = dict(os.environ, BENCH_NPM=NPM)
    announced = os.path.join(folder, "giver.json")
    with open(announced, "wb") as out:
        giver = start(["node", SCRIPT, "give", folder + "/giver", str(blocks), str(BLOCK_BYTES)],
                      stdout=out, env=environment)
    wait_for(lambda: os.path.getsize(announced) > 0, "hypercore's giver", 120)
    time.sleep(0.5)  # its own writing is over
    with open(announced) as f:
        where = json.load(f)
    taken = subprocess.run(["node", SCRIPT, "take", folder + "/taker", str(blocks),
                            str(where["port"]), where["key"]], env=environment,
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=400,
                           check=False)
    nodes.end(giver)
    if taken.returncode != 0:
        raise AssertionError("hypercore's taker failed")
    return json.loads(taken.stdout)


def hypercore(figures):
    install()
    runs = []
    for _ in range(nodes.RUNS):
        folder = workspace("hypercore")
        runs.append(run_hypercore(folder, size(200000)))
        shutil.rmtree(folder)
    rate = median(run["blocks"] / run["seconds"] for run in runs)
    say("medians: %s blocks/s, %.0f us of the receiver's CPU a block" % (
        format(int(rate), ","), median(run["cpu_us"] / run["blocks"] for run in runs)))
    ours = figures.get("sync_entries_per_s")
    if ours is None:
        say("no ratio: sync was not measured in this run")
    else:
        figures.add("sync_vs_hypercore", ours / rate)


def ledger_seconds(path):
    """`ledger bal` of a file: the median of three, and what it printed last."""
    if not shutil.which("ledger"):
        raise Skip("no ledger here (Debian: ledger)")
    times = []
    for _ in range(3):
        begin = time.monotonic()
        done = subprocess.run(["ledger", "-f", path, "bal", "--flat", "--no-total"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True)
        times.append(time.monotonic() - begin)
    return median(times), done.stdout.decode()
