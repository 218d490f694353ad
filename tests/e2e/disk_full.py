#!/usr/bin/env python3
# e2e: a full disk
# timeout: 90
"""A home on a small tmpfs: when the disk is full an append is refused with E_IO and nothing is lost;
when there is room again it goes on. The same at a peer that receives."""
import os
import subprocess

from harness import Group, check, equal, found_network, main, skip, wait_equal_heads, wait_for, \
    workspace


def mount(path, size):
    os.makedirs(path)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", path],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        skip("a small tmpfs cannot be mounted here")


def fill(path):
    """Leaves no room; returns the file to remove."""
    name = os.path.join(path, "ballast")
    with open(name, "wb", buffering=0) as f:
        try:
            while True:
                f.write(b"x" * 4096)
        except OSError:
            pass
    return name


def post(group, number):
    return group.call("post", "deposit", "--member", "1", "--amount", "1.00", "--op",
                      "op-%d" % number)


def test_a_full_disk_loses_nothing():
    folder = workspace("disk")
    small_a, small_b = os.path.join(folder, "disk-a"), os.path.join(folder, "disk-b")
    mount(small_a, "24m")
    mount(small_b, "24m")
    try:
        run(folder, small_a, small_b)
    finally:
        for path in (small_a, small_b):
            subprocess.run(["umount", "-l", path], check=False)


def run(folder, small_a, small_b):
    a, b = Group(small_a, "a", "A"), Group(small_b, "b", "B")
    found_network(folder, [a, b])
    a.start()
    b.start()
    a.run("member", "join", "1")
    wait_equal_heads([a, b])
    ballast = fill(small_a)
    acknowledged, refused = [], 0
    for number in range(2000):
        status, _, err = post(a, number)
        if status == 0:
            acknowledged.append("op-%d" % number)
        else:
            check("E_IO" in err and status == 3, "a full disk: exit %d %s" % (status, err))
            refused += 1
            if refused == 3:
                break
    check(refused == 3, "the disk never got full")
    a.is_ready()
    os.unlink(ballast)
    status, _, err = post(a, 5000)
    check(status == 0, "with room again: " + err)
    found = [line["op"] for line in a.json("lines", "--account", "1110")["lines"]]
    equal(sorted(found), sorted(acknowledged + ["op-5000"]), "what is in the books")
    wait_equal_heads([a, b])
    ballast = fill(small_b)
    os.truncate(ballast, os.path.getsize(ballast) - 1000000)  # less than the reserve of 24 / 16 MiB
    check(post(a, 5999)[0] == 0, "a goes on")
    wait_for(lambda: "E_CAP" in b.log(), "what is left of the disk is not for peers")
    check(b.heads()[a.id()] < a.heads()[a.id()], "b takes no entries")
    b.run("note", "own entries are written")
    os.unlink(ballast)
    ballast = fill(small_b)
    for number in range(6000, 6400):
        check(post(a, number)[0] == 0, "a goes on")
    b.is_ready()
    os.unlink(ballast)
    wait_for(lambda: b.is_ready() and b.heads() == a.heads(), "b catches up with room again", 40)
    a.run("verify")
    b.run("verify")
    a.stop()
    b.stop()


if __name__ == "__main__":
    main([test_a_full_disk_loses_nothing])
