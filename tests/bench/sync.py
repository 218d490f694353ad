"""Sync between two daemons over the encrypted loopback link: speed, CPU, bytes, disk, memory, audit.

The taker waits, dialling nobody; the giver is started and dials it at once. Time and the taker's
CPU run from the connection until the last entry is committed there; the bytes are those that the
taker counts on its sockets (`idle` compares that count with a relay's).
"""
import shutil
import socket
import threading
import time

import nodes
from nodes import Daemon, make_homes, median, say, size, wait_for, workspace


def pull(folder, groups, entries):
    """One sync of prepared homes. Returns (made, taker, giver, seconds, cpu_us, peer row)."""
    address = ["127.0.0.1:%d" % nodes.free_port() for _ in range(2)]
    made = make_homes(folder, groups, entries, *address)
    taker = Daemon(folder + "/taker", "--no-dial")
    time.sleep(0.2)
    cpu = taker.cpu_us()
    giver = Daemon(folder + "/giver", wait=False)
    wait_for(lambda: is_connected(address[1]), "the connection", 60, step=0.0005)
    begin = time.monotonic()
    row = wait_for(lambda: arrived(taker, made["entries"]), "the entries", 600)
    seconds = time.monotonic() - begin
    time.sleep(0.1)
    cpu = taker.cpu_us() - cpu
    giver.wait()
    return made, taker, giver, seconds, cpu, row


def is_connected(address):
    """Has anybody connected to that address? Asked of the kernel: the daemons have work to do."""
    wanted = ":%04X" % int(address.rsplit(":", 1)[1])
    with open("/proc/net/tcp") as f:
        return any(line.split()[1].endswith(wanted) and line.split()[3] == "01"
                   for line in f.readlines()[1:])


def arrived(taker, entries):
    """The peer's row once every entry is taken and committed: nothing is behind any more."""
    row = taker.peer()
    return row if row and row["entries_in"] >= entries and row["behind_count"] == 0 else None


def check_books(taker, made):
    """Every ledger is held and every deposit is in the books."""
    held = taker.control.ask("status")["groups_held"]
    if held < made["groups"]:
        raise AssertionError("%d of %d ledgers are held" % (held, made["groups"]))
    cash = [row for row in taker.control.ask("balance", all=True)["rows"] if row["account"] == 1110]
    if len(cash) != 1 or cash[0]["debit"] != made["satang"]:
        raise AssertionError("cash is %r, %d was posted" % (cash, made["satang"]))


def sync(figures):
    """1,000,000 entries of one group: medians of three runs."""
    runs = [sync_once() for _ in range(nodes.RUNS)]
    say("an entry is %.1f bytes on average; medians: %.2f s, %.2f s of the receiver's CPU" % (
        runs[0]["own"] / runs[0]["entries"], median(run["seconds"] for run in runs),
        median(run["cpu"] for run in runs) / 1e6))
    figures.add("sync_entries_per_s", median(run["entries"] / run["seconds"] for run in runs))
    figures.add("sync_receiver_cpu_us_per_entry",
                median(run["cpu"] / run["entries"] for run in runs))
    figures.add("wire_ratio", median(run["wire"] / run["own"] for run in runs))
    figures.add("disk_ratio", median(run["disk"] / run["own"] for run in runs))


def sync_once():
    folder = workspace("sync")
    made, taker, giver, seconds, cpu, row = pull(folder, 1, size(1000000))
    check_books(taker, made)
    taker.stop()
    giver.stop()
    run = {"entries": made["entries"], "own": made["bytes"], "seconds": seconds, "cpu": cpu,
           "wire": row["bytes_in"] + row["bytes_out"], "disk": nodes.disk_bytes(taker.home)}
    shutil.rmtree(folder)
    return run


def many(figures):
    """1,000,000 entries of 2,669 groups: CPU, memory, audit."""
    folder = workspace("many")
    groups = size(2669)
    made, taker, giver, seconds, cpu, _ = pull(folder, groups, size(1000000))
    check_books(taker, made)
    figures.add("sync_2669_groups_cpu_us_per_entry", cpu / made["entries"])
    figures.add("rss_mib_2669_groups", taker.rss_mib())
    say("%.2f s; the giver keeps %.1f MiB" % (seconds, giver.rss_mib()))
    times = []
    for _ in range(3):
        begin = time.monotonic()
        reply = taker.control.ask_raw("audit")
        times.append(time.monotonic() - begin)
    say("an audit reply of %s bytes" % format(len(reply), ","))
    check_audit(taker, groups)
    figures.add("audit_2669_groups_s", median(times))
    taker.stop()
    giver.stop()
    shutil.rmtree(folder)


def check_audit(taker, groups):
    coverage = taker.control.ask("audit")["coverage"]
    if coverage["held"] < groups:
        raise AssertionError("the audit covers %r" % coverage)


def small(figures):
    """200,000 entries of 16,000 groups: CPU per group."""
    folder = workspace("small")
    groups = size(16000)
    made, taker, giver, seconds, cpu, _ = pull(folder, groups, size(200000))
    check_books(taker, made)
    say("%.2f s" % seconds)
    figures.add("sync_small_group_cpu_us", cpu / groups)
    taker.stop()
    giver.stop()
    shutil.rmtree(folder)


# --- nothing new: counted by a relay between the two sockets ---

class Relay:
    """Forwards one connection after another and keeps what each direction carried."""

    def __init__(self, port):
        self.to = port
        self.connections = []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.server.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.to))
            carried = {"there": bytearray(), "back": bytearray(), "sockets": (near, far)}
            self.connections.append(carried)
            for name, source, sink in (("there", near, far), ("back", far, near)):
                threading.Thread(target=self.carry, args=(source, sink, carried[name]),
                                 daemon=True).start()

    def carry(self, source, sink, kept):
        while True:
            try:
                data = source.recv(65536)
                if not data:
                    break
                kept += data
                sink.sendall(data)
            except OSError:
                break
        self.cut((source, sink))

    def cut(self, sockets):
        for one in sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()

    def close(self):
        self.server.close()


def frames(data):
    """Lengths, prefix included, of the frames that a direction carried."""
    lengths, at = [], 0
    while at + 2 <= len(data):
        lengths.append(2 + int.from_bytes(data[at:at + 2], "big"))
        at += lengths[-1]
    return lengths


def after_handshake(carried):
    """Noise XK: two messages from the dialler, one back, then transport frames."""
    return sum(frames(carried["there"])[2:]) + sum(frames(carried["back"])[1:])


def idle(figures):
    """Nothing new between two nodes of a network of 80,000 groups: bytes after the handshake.

    The first connection after a start also asks for the own head (both nodes have just started), so
    the figure is the second one's: the relay cuts the first, the giver dials again.
    """
    folder = workspace("idle")
    listen = nodes.free_port()
    relay = Relay(listen)
    address = ["127.0.0.1:%d" % nodes.free_port(), "127.0.0.1:%d" % relay.port]
    made = make_homes(folder, size(80000), 0, *address)
    taker = Daemon(folder + "/taker", "--no-dial", "--listen", "127.0.0.1:%d" % listen)
    giver = Daemon(folder + "/giver")
    first = settle(relay, 0)
    cpu = taker.cpu_us()
    relay.cut(relay.connections[0]["sockets"])
    second = settle(relay, 1)
    cpu = taker.cpu_us() - cpu
    row = taker.peer()
    counted, carried = row["bytes_in"] + row["bytes_out"], len(second["there"]) + len(second["back"])
    if counted != carried:
        raise AssertionError("the daemon counts %d bytes, the relay %d" % (counted, carried))
    say("%s groups; %d bytes with the handshake, %d on the first connection after a start; "
        "%.1f ms of CPU at one end" % (format(made["groups"], ","), carried,
                                       after_handshake(first), cpu / 1000))
    figures.add("idle_bytes_80000_groups", after_handshake(second))
    taker.stop()
    giver.stop()
    relay.close()
    shutil.rmtree(folder)


def settle(relay, number):
    """The connection of that number once nothing has gone over it for a second."""
    wait_for(lambda: len(relay.connections) > number, "connection %d" % (number + 1), 120)
    carried, before = relay.connections[number], -1
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        now = len(carried["there"]) + len(carried["back"])
        if now == before and len(frames(carried["back"])) > 1:
            return carried
        before = now
        time.sleep(1)
    raise AssertionError("the connection does not come to rest")
