#!/usr/bin/env python3
# e2e: SIGKILL at 200 random moments of appending and syncing
# timeout: 280
"""Two groups post to each other's sight while one of the two daemons is killed at a random moment,
again and again. After each restart: every operation whose reply was read is there, once; heads only
extend; peers accept. SEED=n repeats a run."""
import os
import random
import signal
import subprocess
import threading
import time

from harness import SATCHA, Group, check, equal, found_network, main, wait_equal_heads, workspace

KILLS = int(os.environ.get("KILLS", "200"))
SEED = int(os.environ.get("SEED", str(int(time.time()))))


class Poster(threading.Thread):
    """Posts deposits with operation ids until told to stop; remembers which were acknowledged."""

    def __init__(self, group, first):
        super().__init__()
        self.group, self.next, self.acknowledged, self.going = group, first, [], True
        self.ended_well = False

    def run(self):
        while self.going:
            op = "op-%d" % self.next
            done = subprocess.run([SATCHA, "--home", self.group.home, "post", "deposit", "--member",
                                   "1", "--amount", "1.00", "--op", op], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            if done.returncode == 0:
                self.acknowledged.append(op)
            self.next += 1
        self.ended_well = True


def operations(group):
    found, start, more = [], 0, True
    while more:
        page = group.json("lines", "--account", "1110", "--from", str(start))
        found += [line["op"] for line in page["lines"]]
        more, start = page["more"], page.get("next")
    return found


def head(node, group_id):
    got = node.json("checkpoint", group_id)
    return got["size"], got["root"]


def check_extends(node, group_id, before):
    size, root = head(node, group_id)
    check(size >= before[0], "the head of %s shrank from %d to %d" % (group_id[:8], before[0], size))
    if size > before[0]:
        proof = node.json("proof", group_id, "--from", str(before[0]), "--to", str(size))
        equal(proof["from_root"], before[1], "an earlier root")
    else:
        equal(root, before[1], "the root of the same size")
    return size, root


def test_nothing_acknowledged_is_lost():
    print("SEED=%d KILLS=%d" % (SEED, KILLS))
    chance = random.Random(SEED)
    folder = workspace("kill")
    a, b = Group(folder, "a", "A"), Group(folder, "b", "B")
    found_network(folder, [a, b])
    a.run("member", "join", "1")
    ids = {a: a.id(), b: b.id()}
    a.start()
    b.start()
    wait_equal_heads([a, b])
    own, peer = head(a, ids[a]), head(b, ids[a])
    poster, acknowledged = Poster(a, 0), []
    poster.start()
    try:
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.0, 0.15))
            victim = a if chance.random() < 0.7 else b
            victim.stop(signal.SIGKILL)
            victim.start(wait=chance.random() < 0.5)
            own = check_extends(a, ids[a], own)
            peer = check_extends(b, ids[a], peer)
    finally:
        poster.going = False
        poster.join()
        acknowledged = poster.acknowledged
    check(poster.ended_well, "the poster stopped half-way")
    found = operations(a)
    equal(len(found), len(set(found)), "operations posted twice")
    missing = set(acknowledged) - set(found)
    check(not missing, "acknowledged and lost: %s" % sorted(missing)[:5])
    check(len(acknowledged) > KILLS // 4, "only %d were acknowledged" % len(acknowledged))
    a.is_ready()
    b.is_ready()
    wait_equal_heads([a, b], 60)
    check("frozen" not in b.run("groups"), "no ledger is frozen")
    a.run("verify")
    b.run("verify")
    print("%d kills, %d acknowledged, %d posted" % (KILLS, len(acknowledged), len(found)))


def test_a_long_pull_is_resumed():
    """The receiver of 40,000 entries is killed while it pulls, again and again; what it had proved
    and stored stays, and it ends with the giver's head."""
    chance = random.Random(SEED + 1)
    folder = workspace("kill-pull")
    a, b = Group(folder, "a", "A"), Group(folder, "b", "B")
    found_network(folder, [a, b])
    path = os.path.join(folder, "rows.csv")
    with open(path, "w") as f:
        f.write("date,event,member,amount,memo,op\n")
        f.writelines("2026-11-01,deposit,%d,1.00,,r%d\n" % (1 + n % 50, n) for n in range(40000))
    a.run("member", "join", "1-50")
    a.run("import", path, "--per-row")
    group, wanted = a.id(), a.json("status")["size"]
    a.start()
    kills = 0
    for _ in range(max(1, KILLS // 5)):
        b.start(wait=False)
        time.sleep(chance.uniform(0.0, 0.06))
        b.stop(signal.SIGKILL)
        kills += 1
    b.start()
    wait_equal_heads([a, b], 60)
    equal(head(b, group), head(a, group), "the head at the receiver")
    equal(head(b, group)[0], wanted, "entries at the receiver")
    b.run("verify")
    print("%d kills during a pull of %d entries" % (kills, wanted))


if __name__ == "__main__":
    main([test_nothing_acknowledged_is_lost, test_a_long_pull_is_resumed])
