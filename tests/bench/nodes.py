"""Two daemons as they ship, and what the kernel says of them: CPU time, memory, bytes.

The homes are made by bench_make. Everything lies below build/bench; every process that is started
here is ended here.
"""
import atexit
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import time

from control import Control

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("SATCHA_BUILD", os.path.join(ROOT, "build"))
SHARED = os.environ.get("SATCHA_SHARED", os.path.join(os.path.dirname(ROOT), "shared"))
WORK = os.path.join(BUILD, "bench", "work")
QUICK = os.environ.get("QUICK", "") not in ("", "0")
RUNS = 1 if QUICK else 3  # of a measure whose median is taken

_processes = []


class Skip(Exception):
    """A measure that this machine cannot make, and why."""


def size(full):
    """A tenth with QUICK=1."""
    return full // 10 if QUICK else full


def say(text):
    print("  " + text, flush=True)


def program(*parts):
    path = os.path.join(BUILD, *parts)
    if not os.path.exists(path):
        raise Skip("%s is not built: make bench" % os.path.relpath(path, ROOT))
    return path


def workspace(name):
    path = os.path.join(WORK, name)
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    return path


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def median(values):
    ordered = sorted(values)
    return ordered[len(ordered) // 2]


def start(arguments, **kwargs):
    process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, **kwargs)
    _processes.append(process)
    return process


def end(process, seconds=30):
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _processes.remove(process)


@atexit.register
def _end_all():
    for process in list(_processes):
        process.kill()
        process.wait()


def wait_for(condition, what, seconds, step=0.01):
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        value = condition()
        if value:
            return value
        time.sleep(step)
    raise AssertionError("waited %d s in vain for %s" % (seconds, what))


class Daemon:
    """A satchad on a prepared home, and a control connection to it."""

    def __init__(self, home, *flags, log="info", wait=True):
        self.home = home
        self.log_path = home + ".log"
        with open(self.log_path, "ab") as out:
            self.process = start([program("satchad"), "--home", home, "--log", log, *flags],
                                 stdout=out, stderr=out)
        self.control = None
        if wait:
            self.wait()

    def wait(self):
        self.control = wait_for(self.connect, "the daemon on " + self.home, 60)

    def connect(self):
        if self.process.poll() is not None:
            with open(self.log_path, errors="replace") as f:
                raise AssertionError("satchad ended:\n" + f.read()[-2000:])
        try:
            return Control(self.home)
        except OSError:
            return None

    def stop(self):
        self.control.close()
        end(self.process)

    def cpu_us(self):
        """User and system time of all its threads, as the scheduler counts it."""
        total, tasks = 0, "/proc/%d/task" % self.process.pid
        for task in os.listdir(tasks):
            with open(os.path.join(tasks, task, "schedstat")) as f:
                total += int(f.read().split()[0])
        return total / 1000

    def rss_mib(self):
        with open("/proc/%d/status" % self.process.pid) as f:
            for line in f:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) / 1024
        raise AssertionError("no VmRSS")

    def peer(self):
        """The row of the only peer that is or was connected, or None."""
        for row in self.control.ask("peers")["peers"]:
            if row["bytes_in"] or row["bytes_out"]:
                return row
        return None


def make_homes(folder, groups, entries, giver_address, taker_address):
    """Runs bench_make; its JSON."""
    begin = time.monotonic()
    out = subprocess.run([program("bench", "bench_make"), folder, str(groups), str(entries),
                          giver_address, taker_address], stdout=subprocess.PIPE, check=False)
    if out.returncode != 0:
        raise AssertionError("bench_make failed")
    made = json.loads(out.stdout)
    say("made %s entries of %s groups in %.1f s" % (
        format(made["entries"], ","), format(groups, ","), time.monotonic() - begin))
    return made


def disk_bytes(home):
    """ledger.db once the WAL is in it and gone."""
    path = os.path.join(home, "ledger.db")
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()
    return os.path.getsize(path)


