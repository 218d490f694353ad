#!/usr/bin/env python3
# e2e: links, bans, a restored disk image, a network too large to dial whole
"""What a daemon does with its peers over time."""
import os
import shutil
import time

import harness
from harness import Group, check, equal, found_network, wait_equal_heads, wait_for, workspace

folder = workspace("daemon")


def connections(group):
    return group.json("status")["connections"]


def test_one_link_between_two():
    """Both dial; one connection stays, and stays quiet."""
    one, two = Group(folder, "one", "One"), Group(folder, "two", "Two", place="841503")
    net = found_network(folder, [one, two], name="pair")
    groups = [one, two, net]
    for group in groups:
        group.start("--log", "debug", "--anti-entropy", "1", wait=False)
    for group in groups:
        wait_for(group.is_ready, group.name)
        wait_for(lambda: connections(group) == 2, "two connections of " + group.name)
    wait_equal_heads(groups)
    before = [group.log().count(" connected ") for group in groups]
    time.sleep(3)
    equal([group.log().count(" connected ") for group in groups], before, "connections made anew")
    for group in groups:
        check("nothing" not in group.log() and "warn" not in group.log(), group.log())

    ping = one.json("peer", "ping", two.id())
    check(ping["round_trip_ms"] >= 1, ping)
    rows = {row["group"]: row for row in one.json("peers")["peers"]}
    equal(set(rows), {two.id(), net.id()}, "peers")
    row = rows[two.id()]
    check(row["state"] == "open" and row["bytes_in"] > 0 and row["version"] == 1 and
          row["behind"] == [] and row["error"] is None, row)

    one.run("peer", "ban", two.id())
    wait_for(lambda: connections(one) == 1, "the banned one's leave")
    size = two.json("note", "unheard")["size"]
    time.sleep(1)
    check("E_BANNED" in two.log(), "the banned one is told")
    one.run("peer", "ban", two.id(), "--lift")
    wait_for(lambda: connections(one) == 2, "the banned one's return", 90)
    wait_for(lambda: one.heads().get(two.id()) == size, "the note")
    for group in groups:
        group.stop()


def test_dials_only():
    """Behind a carrier's NAT: nothing listens, everything arrives."""
    inside, outside = Group(folder, "inside", "In"), Group(folder, "outside", "Out", place="841503")
    net = found_network(folder, [inside, outside], name="nat")
    net.start("--no-dial")
    outside.start()
    inside.start("--listen", "")
    equal(inside.json("status")["listening"], None, "listening")
    size = outside.json("note", "in")["size"]
    wait_for(lambda: inside.heads().get(outside.id()) == size, "a note to the inside")
    size = inside.json("note", "out")["size"]
    wait_for(lambda: outside.heads().get(inside.id()) == size, "a note from the inside")
    for group in (inside, outside, net):
        group.stop()


def test_a_restored_disk_image_is_noticed():
    """The image takes the high-water mark back too: only the peers know better."""
    image, witness = Group(folder, "image", "Image"), Group(folder, "witness", "W", place="841503")
    net = found_network(folder, [image, witness], name="disk")
    for group in (net, witness, image):
        group.start()
    wait_equal_heads([image, witness, net])
    image.stop()
    shutil.copytree(image.home, image.home + ".image")
    image.start()
    size = image.json("note", "lost")["size"]
    wait_for(lambda: witness.heads().get(image.id()) == size, "the note at the witness")
    image.stop()
    shutil.rmtree(image.home)
    os.rename(image.home + ".image", image.home)
    image.start()
    wait_for(lambda: "not released" in image.log(), "the daemon's notice")
    image.refuse("E_RECOVERING", "note", "fork", status=3)
    time.sleep(1)
    equal(witness.heads().get(image.id()), size, "the head at the witness")
    check("frozen" not in witness.run("groups"), "no fork")
    for group in (net, witness, image):
        group.stop()


def test_more_groups_than_are_dialled():
    """Above 16 groups each node draws its links; what one posts reaches all."""
    count, links = 20, 3
    groups = [Group(folder, "m%d" % i, "Many %d" % i, place="8415%02d" % (i + 1))
              for i in range(count)]
    net = found_network(folder, groups, name="many")
    for group in groups + [net]:
        group.start("--links", str(links), "--own-head-wait", "1", "--anti-entropy", "2",
                    wait=False)
    for group in groups + [net]:
        wait_for(group.is_ready, group.name)
    wait_equal_heads(groups + [net], 60)
    wait_for(lambda: all(connections(g) >= links for g in groups), "links of all", 60)
    total = sum(connections(g) for g in groups + [net])
    check(total < count * count / 2, "%d links: nearly everybody dials everybody" % total)
    size = groups[0].json("note", "news")["size"]
    wait_for(lambda: all(g.heads().get(groups[0].id()) == size for g in groups), "news at all", 30)
    for group in groups + [net]:
        group.stop()


if __name__ == "__main__":
    harness.main([test_one_link_between_two, test_dials_only,
                  test_a_restored_disk_image_is_noticed, test_more_groups_than_are_dialled])
