#!/usr/bin/env python3
# e2e: 64 single flipped bytes in the database
# timeout: 200
"""After each flip: verify says exit 0 (the byte was of no use) or 4 with a finding, or the file is
refused with a code; nothing ever ends by a signal; a daemon on that home serves what is good or says
why not. SEED=n repeats a run."""
import os
import random
import shutil
import subprocess
import time

from harness import SATCHA, SATCHAD, Group, check, found_network, main, wait_equal_heads, workspace

FLIPS = int(os.environ.get("FLIPS", "64"))
SEED = int(os.environ.get("SEED", str(int(time.time()))))


def make_home(folder):
    a, b = Group(folder, "a", "A"), Group(folder, "b", "B")
    found_network(folder, [a, b])
    a.run("member", "join", "1-50")
    rows = "date,event,member,amount,memo,op\n" + "".join(
        "2026-11-01,deposit,%d,%d.00,,r%d\n" % (1 + n % 50, n + 1, n) for n in range(800))
    path = os.path.join(folder, "rows.csv")
    with open(path, "w") as f:
        f.write(rows)
    a.run("import", path, "--per-row")
    a.start()
    b.start()
    wait_equal_heads([a, b])
    a.stop()
    b.stop()
    return b


def flip(path, chance):
    at = chance.randrange(os.path.getsize(path))
    with open(path, "r+b") as f:
        f.seek(at)
        byte = f.read(1)[0]
        f.seek(at)
        f.write(bytes([byte ^ (1 << chance.randrange(8))]))
    return at


def daemon_says(home):
    """Starts a daemon on the spoiled home; True when it serves, False when it says why not."""
    daemon = subprocess.Popen([SATCHAD, "--home", home, "--listen", "127.0.0.1:0", "--no-dial"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
    try:
        for _ in range(100):
            if daemon.poll() is not None or os.path.exists(os.path.join(home, "control.sock")):
                break
            time.sleep(0.02)
        if daemon.poll() is None:
            for question in ("groups", "status"):
                done = subprocess.run([SATCHA, "--home", home, question], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                check(done.returncode >= 0, "the tool ended by signal %d" % -done.returncode)
            check(daemon.poll() is None, "the daemon ended while it was asked")
            return True
        return False
    finally:
        if daemon.poll() is None:
            daemon.terminate()
        _, err = daemon.communicate(timeout=10)
        check(daemon.returncode >= 0, "the daemon ended by signal %d: %s"
              % (-daemon.returncode, err.decode()[-300:]))
        if daemon.returncode != 0:
            check("satchad: E_" in err.decode() or " error " in err.decode(),
                  "the daemon did not say why: " + err.decode()[-300:])


def test_flipped_bytes_are_named_and_survived():
    print("SEED=%d FLIPS=%d" % (SEED, FLIPS))
    chance = random.Random(SEED)
    folder = workspace("flips")
    good = make_home(folder)
    check(good.call("verify")[0] == 0, "the home is good before")
    found, unseen, refused, served = 0, 0, 0, 0
    for number in range(FLIPS):
        home = os.path.join(folder, "flip")
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(good.home, home)
        at = flip(os.path.join(home, "ledger.db"), chance)
        done = subprocess.run([SATCHA, "--home", home, "verify"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        said = done.stdout.decode() + done.stderr.decode()
        check(done.returncode in (0, 3, 4), "flip %d at %d: verify ended with %d: %s"
              % (number, at, done.returncode, said[-400:]))
        if done.returncode == 0:
            unseen += 1
        elif "BAD " in said:
            found += 1
        else:
            check("E_" in said, "a refusal without a code: " + said)
            refused += 1
        served += daemon_says(home)
    check(found + refused > FLIPS // 3, "only %d of %d flips were seen" % (found + refused, FLIPS))
    print("%d flips: %d named by verify, %d refused at opening, %d in bytes without a use; "
          "a daemon served on %d" % (FLIPS, found, refused, unseen, served))


if __name__ == "__main__":
    main([test_flipped_bytes_are_named_and_survived])
