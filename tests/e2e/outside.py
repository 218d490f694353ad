#!/usr/bin/env python3
# e2e: an outside script checks roots, checkpoints and proofs
# timeout: 60
"""None of satcha's code: RFC 6962 hashing by hashlib, Ed25519 by the openssl program. Reads the raw
leaves of a ledger, its checkpoint (C2SP signed note) and its proofs, at the author's node and at a
peer's, and finds a flipped bit."""
import base64
import hashlib
import os
import struct
import subprocess

from harness import Group, check, equal, found_network, main, wait_equal_heads, workspace


def leaf_hash(leaf):
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def tree_root(hashes):
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << ((len(hashes) - 1).bit_length() - 1)
    return node_hash(tree_root(hashes[:split]), tree_root(hashes[split:]))


def raw_leaves(group, path, *which):
    group.run("log", *which, "--raw", path)
    with open(path, "rb") as f:
        data = f.read()
    leaves, at = [], 0
    while at < len(data):
        size, = struct.unpack_from(">H", data, at)
        leaves.append(data[at + 2:at + 2 + size])
        at += 2 + size
    equal(at, len(data), "end of the raw file")
    return leaves


def ed25519_verifies(folder, key, message, signature):
    """By `openssl pkeyutl`, from the raw 32-byte key."""
    paths = {name: os.path.join(folder, "check." + name) for name in ("der", "msg", "sig")}
    contents = {"der": bytes.fromhex("302a300506032b6570032100") + key, "msg": message,
                "sig": signature}
    for name, path in paths.items():
        with open(path, "wb") as f:
            f.write(contents[name])
    done = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey",
                           paths["der"], "-rawin", "-in", paths["msg"], "-sigfile", paths["sig"]],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode == 0


def parse_checkpoint(text):
    body, _, signatures = text.partition("\n\n")
    origin, size, root = body.split("\n")
    lines = [line for line in signatures.split("\n") if line]
    return body.encode() + b"\n", origin, int(size), base64.b64decode(root), lines


def check_checkpoint(folder, text, group_id, key, leaves):
    message, origin, size, root, lines = parse_checkpoint(text)
    equal(origin, "satcha/%s/0" % group_id, "origin")
    equal(size, len(leaves), "size")
    equal(root.hex(), tree_root([leaf_hash(leaf) for leaf in leaves]).hex(), "root of the leaves")
    equal(leaf_hash(leaves[0]).hex(), group_id, "group id = leaf hash of entry 0")
    equal(len(lines), 1, "signature lines")
    dash, name, blob = lines[0].split(" ")
    equal((dash, name), ("—", origin), "signature line")
    raw = base64.b64decode(blob)
    equal(raw[:4], hashlib.sha256(name.encode() + b"\n\x01" + key).digest()[:4], "key id")
    check(ed25519_verifies(folder, key, message, raw[4:]), "the signature verifies")
    flipped = bytes([raw[4] ^ 1]) + raw[5:]
    check(not ed25519_verifies(folder, key, message, flipped), "a flipped signature is refused")


def check_inclusion(proof):
    """RFC 9162 section 2.1.3.2."""
    fn, sn = proof["entry"], proof["size"] - 1
    at = bytes.fromhex(proof["leaf_hash"])
    for node in proof["proof"]:
        node = bytes.fromhex(node)
        if fn & 1 or fn == sn:
            at = node_hash(node, at)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            at = node_hash(at, node)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and at.hex() == proof["root"]


def test_an_outside_script_agrees():
    folder = workspace("outside")
    song = Group(folder, "song", "กองทุนบ้านส้อง")
    phon = Group(folder, "phon", "กองทุนโพนทอง", place="431702")
    found_network(folder, [song, phon])
    song.start()
    phon.start()
    song.run("member", "join", "1-300")
    rows = "date,event,member,amount,memo,op\n" + "".join(
        "2026-11-%02d,deposit,%d,%d.25,,row-%d\n" % (1 + n % 20, 1 + n % 300, 100 + n, n)
        for n in range(600))
    path = os.path.join(folder, "rows.csv")
    with open(path, "w") as f:
        f.write(rows)
    song.run("import", path, "--per-row")
    wait_equal_heads([song, phon])
    key = bytes.fromhex(song.json("id")["signing_key"])
    for node in (song, phon):
        leaves = raw_leaves(node, os.path.join(folder, node.name + ".raw"), song.id())
        check(len(leaves) > 600, "all leaves are there")
        check_checkpoint(folder, node.run("checkpoint", song.id()), song.id(), key, leaves)
        for entry in (0, 1, 255, 256, 511, len(leaves) - 1):
            proof = node.json("proof", song.id(), "--entry", str(entry))
            equal(proof["leaf_hash"], leaf_hash(leaves[entry]).hex(), "leaf of the proof")
            check(check_inclusion(proof), "inclusion of entry %d" % entry)
            proof["proof"][0] = "00" * 32
            check(not check_inclusion(proof), "a wrong proof is refused")


if __name__ == "__main__":
    main([test_an_outside_script_agrees])
