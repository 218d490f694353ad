#!/usr/bin/env python3
# e2e: strangers and bad frames
# timeout: 200
"""A daemon among callers that mean harm or are broken, and starts that cannot work.

Raw sockets play those who know nothing; build/e2e-programs/rogue, a peer that misbehaves on purpose, plays
those who know the network key or are rostered. All of them call at the same time: what takes a
time-out takes it once.
"""
import os
import re
import signal
import socket
import struct
import subprocess
import threading
import time

import harness
from harness import BUILD, SATCHAD, Group, check, equal, found_network, wait_for, workspace

ROGUE = os.path.join(BUILD, "e2e-programs", "rogue")
HANDSHAKE_S, MESSAGE_S = 10, 30  # proto/limits.h

folder = workspace("strangers")


def end(*args, home=None, limit=8, **popen):
    """Starts a daemon that must end by itself: (exit status, what it wrote)."""
    command = [SATCHAD] + (["--home", home] if home else []) + list(args)
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, timeout=limit, **popen)
    return result.returncode, result.stdout.decode()


def refused(status, pattern, *args, **kwargs):
    """One line that says what to do, and the exit status."""
    got, text = end(*args, **kwargs)
    check(re.search(pattern, text), "%s: wanted %r, got %r" % (args, pattern, text))
    equal(got, status, text)
    equal(len(text.splitlines()), 1, "lines of " + text)
    check(text.startswith("satchad: E_"), text)


def test_starts_that_cannot_work():
    group = Group(folder, "start", "Start")
    other = socket.socket()
    other.bind(("127.0.0.1", 0))
    other.listen()
    taken = "127.0.0.1:%d" % other.getsockname()[1]
    refused(3, r"E_IO: .*%s.*another program uses this port.*--listen" % re.escape(taken),
            "--listen", taken, home=group.home)
    other.close()
    refused(2, r"E_USAGE: --listen: .*expected HOST:PORT", "--listen", "7420", home=group.home)
    refused(2, r"E_USAGE: --log: .*expected error, warning, info or debug", "--log", "loud",
            home=group.home)
    refused(2, r"E_USAGE: --port: there is no setting", "--port", "1", home=group.home)
    refused(2, r"E_USAGE: --log: a value must follow", "--log", home=group.home)
    refused(2, r"E_USAGE: .*no such configuration file", "--config",
            os.path.join(folder, "none.conf"), home=group.home)
    conf = os.path.join(folder, "bad.conf")
    with open(conf, "w") as f:
        f.write("# settings\nlinks = many\n")
    refused(2, r"E_USAGE: .*bad\.conf:2: links = 'many': expected a number from 3 to 64",
            "--config", conf, home=group.home)
    refused(1, r"E_NOT_FOUND: .*satcha init", home=os.path.join(folder, "nowhere"))


def test_home_that_cannot_be_written():
    group = Group(folder, "closed", "Closed")
    for path, _, files in os.walk(group.home):
        os.chmod(path, 0o555)
        for name in files:
            os.chmod(os.path.join(path, name), 0o444)
    as_nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    try:
        status, text = end("--listen", "127.0.0.1:0", home=group.home, **as_nobody)
    except PermissionError:
        print("skipped: the daemon's file cannot be run by another user here")
        return
    finally:
        os.chmod(group.home, 0o755)
    check("E_IO" in text and "ermission denied" in text and "own" in text, text)
    equal(status, 3, text)


def test_two_daemons_on_one_home():
    group = Group(folder, "twice", "Twice").start("--listen", "127.0.0.1:0")
    refused(3, r"E_LOCKED: .*process %d" % group.daemon.pid, home=group.home)
    group.stop()


def test_long_home_and_stale_socket():
    """A socket's path has 108 bytes, a home's may have more; a killed daemon leaves its socket."""
    deep = os.path.join(folder, "d" * 100, "e" * 100)
    os.makedirs(deep)
    group = Group(deep, "deep", "Deep").start("--listen", "127.0.0.1:0")
    group.stop(sig=signal.SIGKILL)
    check(os.path.exists(os.path.join(group.home, "control.sock")), "the killed one's socket")
    group.start("--listen", "127.0.0.1:0")
    path = os.path.join(group.home, "control.sock")
    equal(os.stat(path).st_mode & 0o777, 0o600, "mode of control.sock")
    group.stop()
    check(not os.path.exists(path), "control.sock stays behind")


def test_ends_within_two_seconds():
    group = Group(folder, "ending", "Ending")
    for sig in (signal.SIGTERM, signal.SIGINT):
        group.start("--listen", "127.0.0.1:0")
        group.run("note", "held")
        idle = socket.create_connection(("127.0.0.1", listening(group)))
        begin = time.monotonic()
        group.daemon.send_signal(sig)
        equal(group.daemon.wait(5), 0, "exit status")
        check(time.monotonic() - begin < 2, "it took %.1f s" % (time.monotonic() - begin))
        idle.close()
        group.daemon = None
    equal(group.json("log")["size"], 3, "entries after two ends")


def listening(group):
    return int(group.json("status")["listening"].rsplit(":", 1)[1])


class Caller(threading.Thread):
    """A raw socket that sends what `talk` yields and counts what comes back."""

    def __init__(self, port, name, talk):
        super().__init__(name=name, daemon=True)
        self.port, self.talk = port, talk
        self.received, self.after, self.closed = 0, None, False
        self.start()

    def run(self):
        begin = time.monotonic()
        with socket.create_connection(("127.0.0.1", self.port)) as s:
            try:
                for data, pause in self.talk:
                    if data:
                        s.sendall(data)
                    s.settimeout(pause)
                    try:
                        got = s.recv(65536)
                        self.received += len(got)
                        if not got:
                            self.closed = True
                            break
                    except socket.timeout:
                        pass
            except OSError:  # reset by the daemon
                self.closed = True
        self.after = time.monotonic() - begin


def silent():
    yield b"", HANDSHAKE_S + 5


def byte_a_second():
    for byte in struct.pack(">H", 48) + os.urandom(48):
        yield bytes([byte]), 1.0


def handshake_of_a_stranger():
    yield struct.pack(">H", 48) + os.urandom(48), HANDSHAKE_S + 5


def web_browser():
    yield b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", HANDSHAKE_S + 5


def noise_of_bytes():
    yield os.urandom(100000), HANDSHAKE_S + 5


def empty_frame():
    yield b"\0\0", HANDSHAKE_S + 5


def longest_frame():
    yield b"\xff\xff" + os.urandom(65535), HANDSHAKE_S + 5


def half_a_handshake():
    yield struct.pack(">H", 48) + os.urandom(20), HANDSHAKE_S + 5


class Rogue(threading.Thread):
    def __init__(self, net, identity, target, mode, seconds):
        super().__init__(name=mode, daemon=True)
        self.command = [ROGUE, mode, str(target["port"]), identity.home, identity.id(),
                        target["group"], target["key"], str(seconds)]
        self.result = {}
        self.start()

    def run(self):
        out = subprocess.run(self.command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.result = dict(part.split("=") for part in out.stdout.decode().split())


# mode: (refusal that is told, seconds within which it is dropped)
ROGUES = {
    "wrong-network-key": ("none", 2),
    "not-rostered": ("E_STRANGER", 3),
    "wrong-key": ("E_STRANGER", HANDSHAKE_S + 5),
    "silent": ("E_TIMEOUT", HANDSHAKE_S + 5),
    "garbage": ("E_FRAME", 3),
    "bad-version": ("E_VERSION", 3),
    "flip": ("none", 3),
    "replay": ("none", 3),
    "half": ("none", MESSAGE_S + 5),
    "trickle": ("none", MESSAGE_S + 5),
}


# Whose key chains the target holds: with others it speaks of nothing else.
KNOWN = ("half", "trickle")


def introduce(target, groups):
    """Each syncs with the target once, so that its keys are known there."""
    for group in groups:
        group.start("--own-head-wait", "0")
    for group in groups:
        wait_for(lambda: target.heads().get(group.id()), group.name + " at the target")
        group.stop()


def test_callers():
    if not os.path.exists(ROGUE):
        harness.skip("build/e2e-programs/rogue is not built")
    groups = [Group(folder, "b%d" % i, "Fund %d" % i, place="8415%02d" % (i + 1))
              for i in range(len(ROGUES) + 2)]
    net = found_network(folder, groups)
    target = groups[0]
    rows = "".join("2026-01-05,deposit,%d,100.00,,%d\n" % (1 + i % 50, i) for i in range(30000))
    path = os.path.join(folder, "rows.csv")
    with open(path, "w") as f:
        f.write("date,event,member,amount,memo,op\n" + rows)
    target.run("member", "join", "1-50")
    target.run("import", path, "--per-row", timeout=240)
    target.start("--log", "debug", "--no-dial", "--own-head-wait", "0")
    introduce(target, [net] + [groups[i + 1] for i, mode in enumerate(ROGUES) if mode in KNOWN] +
              [groups[-1]])
    port = target.port
    identity = target.json("id")
    where = {"port": port, "group": identity["group"], "key": identity["transport_key"]}

    talks = [silent, byte_a_second, handshake_of_a_stranger, web_browser, noise_of_bytes,
             empty_frame, longest_frame, half_a_handshake]
    # Who reads nothing does not see its connection end: the daemon's log tells.
    deaf = Rogue(net, groups[-1], where, "never-reads", MESSAGE_S + 15)
    callers = [Caller(port, talk.__name__, talk()) for talk in talks]
    rogues = [Rogue(net, groups[i + 1], where, mode, limit + 5)
              for i, (mode, (_, limit)) in enumerate(ROGUES.items())]
    for caller in callers:
        caller.join(60)
        equal(caller.received, 0, caller.name + ": bytes to a stranger")
        check(caller.closed, caller.name + " is not dropped")
        check(caller.after < HANDSHAKE_S + 3, "%s: %.1f s" % (caller.name, caller.after))
    for caller in callers[2:5]:
        check(caller.after < 2, "%s: %.1f s" % (caller.name, caller.after))
    failures = []
    for rogue in rogues:
        rogue.join(120)
        wanted, limit = ROGUES[rogue.name]
        got = rogue.result
        print("  %-18s %s" % (rogue.name, " ".join("%s=%s" % item for item in got.items())))
        if got.get("closed") != "1" or int(got["after_ms"]) > limit * 1000 or \
                got["refusal"] != wanted:
            failures.append("%s: %s, wanted %s within %d s" % (rogue.name, got, wanted, limit))
    equal(failures, [], "rogues")
    deaf.join(60)
    check(deaf.result["established"] == "1", deaf.result)
    check(not [p for p in target.json("peers")["peers"] if p["bytes_in"]], "a deaf peer stays")
    check(re.search(r"%s: connection .* ended: E_(IO|TIMEOUT)" % deaf.command[4][:8], target.log()),
          "no line about the deaf peer")
    by_mode = {rogue.name: rogue.result for rogue in rogues}
    equal(by_mode["wrong-network-key"]["received"], "0", "bytes to one without the network key")

    equal(target.json("status")["group"], identity["group"], "the daemon answers")
    with open(os.path.join(target.home, "keys")) as f:
        secrets = re.findall(r"[0-9a-f]{64}", f.read())
    check(len(secrets) >= 2, "secrets of the home")
    log = target.log()
    own = identity["group"]
    check(not any(secret in log for secret in secrets if secret not in (own, net.id())),
          "a secret stands in the log")
    target.stop()


def control_client(group):
    s = socket.socket(socket.AF_UNIX)
    folder_fd = os.open(group.home, os.O_PATH | os.O_DIRECTORY)
    s.connect("/proc/self/fd/%d/control.sock" % folder_fd)
    os.close(folder_fd)
    s.settimeout(MESSAGE_S + 5)
    return s


def control_says(group, data):
    """What comes back for these bytes, until the daemon closes or a frame is whole; b"" = closed."""
    with control_client(group) as s:
        s.sendall(data)
        try:
            head = s.recv(4)
            return head and s.recv(struct.unpack(">I", head)[0])
        except ConnectionResetError:
            return b""


def test_control_clients_that_misbehave():
    group = Group(folder, "asked", "Asked").start("--listen", "127.0.0.1:0")
    half = control_client(group)
    half.sendall(b"\0\0\0\x20\x93\x01")
    begin = time.monotonic()

    def frame(data):
        return struct.pack(">I", len(data)) + data
    equal(control_says(group, b"\xff\xff\xff\xff"), b"", "a frame of 4 GiB")
    for data in (b"", b"\xc1", os.urandom(50), b"\x93\x01", b"\x93\x02\xa2id\x80",
                 b"\x93\x01\xa2id", b"\x93\x01\xa2id\x90", b"\x93\x01\xa2id\x80\x80",
                 b"\x93\x01\xa5nosuc\x80", b"\x93\x01\xa4ping\x80",
                 b"\x93\x01\xa4ping\x81\xa5group\xd9\xff",
                 b"\x93\x01\xa2id\x81\xa1x\x01" + b"\x91" * 5000):
        answer = control_says(group, frame(data))
        check(answer[:2] == b"\x93\x01", "%r got %r" % (data, answer))
    crowd = [control_client(group) for _ in range(40)]  # one more than 31 beside `half` is closed
    closed = 0
    for s in crowd:
        s.settimeout(0.3)
        try:
            closed += s.recv(1) == b""
        except (socket.timeout, ConnectionResetError):
            pass
    equal(closed, 40 - 31, "clients over the cap that are closed")
    for s in crowd:
        s.close()
    equal(half.recv(10), b"", "answer to half a request")
    check(time.monotonic() - begin < MESSAGE_S + 3, "half a request stays")
    group.run("note", "still-here")
    group.stop()


def test_hundred_connections():
    """Strangers fill every place; a rostered peer still gets in."""
    one, two = (Group(folder, name, name, place="8415%02d" % n)
                for n, name in enumerate(("crowded", "guest"), 31))
    net = found_network(folder, [one, two], name="net2")
    one.start("--own-head-wait", "0", "--no-dial")
    net.start("--no-dial")
    crowd = [socket.create_connection(("127.0.0.1", one.port)) for _ in range(100)]
    two.start("--own-head-wait", "0")
    wait_for(lambda: two.json("status")["connections"] >= 2, "a connection through the crowd", 20)
    two.run("note", "through")
    size = two.json("log")["size"]
    wait_for(lambda: one.heads().get(two.id()) == size, "the note through the crowd", 20)
    for s in crowd:
        s.close()
    for group in (two, one, net):
        group.stop()


def test_impostors():
    """Who has the network key and only says that he is another group takes nobody's place."""
    one, two = (Group(folder, name, name, place="8415%02d" % n)
                for n, name in enumerate(("visited", "imitated"), 33))
    net = found_network(folder, [one, two], name="net3")
    one.start("--own-head-wait", "0", "--no-dial")
    introduce(one, [net])
    two.start("--own-head-wait", "0")
    wait_for(lambda: one.heads().get(two.id()) == two.json("log")["size"], "the first heads")
    identity = one.json("id")
    where = {"port": one.port, "group": identity["group"], "key": identity["transport_key"]}
    lines = len(one.log().splitlines())
    impostors = [Rogue(net, two, where, "wrong-key", 8) for _ in range(70)]
    wait_for(lambda: sum(p["state"] == "limited" for p in one.json("peers")["peers"]) > 20,
             "impostors at the door")
    two.run("note", "it-is-me")
    size = two.json("log")["size"]
    wait_for(lambda: one.heads().get(two.id()) == size, "the note beside impostors", 3)
    net.start()
    wait_for(lambda: one.id() in [p["group"] for p in net.json("peers")["peers"]
                                  if p["state"] == "open"], "a place beside impostors", 5)
    for impostor in impostors:
        impostor.join(30)
        check(impostor.result["refusal"] != "E_DUPLICATE_LINK", impostor.result)
    new = one.log().splitlines()[lines:]
    check(not any("newer connection" in line for line in new), new)
    check(len(new) < 10, "lines about impostors: %s" % new)
    two.stop()
    for _ in range(6):  # the very group, over and over
        callers = [Rogue(net, two, where, "bad-version", 5) for _ in range(10)]
        for caller in callers:
            caller.join(20)
    about = sum(two.id()[:8] in line for line in one.log().splitlines())
    check(60 <= about <= 62, "%d lines about one peer" % about)
    for group in (one, net):
        group.stop()


if __name__ == "__main__":
    harness.main([test_starts_that_cannot_work, test_home_that_cannot_be_written,
                  test_two_daemons_on_one_home, test_long_home_and_stale_socket,
                  test_ends_within_two_seconds, test_callers, test_hundred_connections, test_impostors,
                  test_control_clients_that_misbehave])
