"""What the end-to-end tests share: homes, daemons, the tool, and leaving nothing behind.

Everything runs on 127.0.0.1 under build/e2e/<name>; daemons are ended by pid. Only the Python
standard library is used.
"""
import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("SATCHA_BUILD", os.path.join(ROOT, "build"))
SATCHA = os.path.join(BUILD, "satcha")
SATCHAD = os.path.join(BUILD, "satchad")
SHARED = os.environ.get("SATCHA_SHARED", os.path.join(os.path.dirname(ROOT), "shared"))

_daemons = []


def skip(why):
    print("skipped: " + why)
    sys.exit(77)


def shared(*parts):
    """A path under the shared data, or the test is skipped."""
    path = os.path.join(SHARED, *parts)
    if not os.path.exists(path):
        skip("no shared data (" + "/".join(parts) + ")")
    return path


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def equal(got, wanted, what):
    if got != wanted:
        raise AssertionError("%s: got %r, wanted %r" % (what, got, wanted))


def workspace(name):
    path = os.path.join(BUILD, "e2e", name)
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    return path


# Ports below the range from which the kernel takes those of outgoing connections, a slice for each
# process: what is free now is still free when the daemon starts.
_PORTS_FROM, _PORTS_EACH, _SLICES = 10240, 220, 100
_ports_taken = 0


def free_port():
    global _ports_taken
    while _ports_taken < _PORTS_EACH:
        port = _PORTS_FROM + os.getpid() % _SLICES * _PORTS_EACH + _ports_taken
        _ports_taken += 1
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no free port is left")


class Refused(Exception):
    def __init__(self, status, text):
        super().__init__("exit %d: %s" % (status, text))
        self.status = status
        self.text = text


class Group:
    """One home, its officers' keys beside it, and perhaps a running daemon."""

    def __init__(self, folder, name, title, kind="savings", place="841502", port=None, extra=(),
                 currency="THB"):
        self.name = name
        self.home = os.path.join(folder, name)
        self.officers = os.path.join(folder, name + "-officers")
        self.port = port or free_port()
        self.daemon = None
        self.log_path = os.path.join(folder, name + ".log")
        if title is not None:
            args = ["init", "--name", title, "--type", kind, "--place", place,
                    "--listen", "127.0.0.1:%d" % self.port, "--officers", self.officers]
            if currency != "THB":
                args += ["--currency", currency]
            self.run(*args, *extra)

    def key(self, number=1):
        return os.path.join(self.officers, "%d.key" % number)

    def call(self, *args, stdin=None, env=None, timeout=120):
        """(exit status, stdout, stderr) of `satcha --home HOME …`."""
        result = subprocess.run([SATCHA, "--home", self.home, *args], input=stdin,
                                stdin=subprocess.DEVNULL if stdin is None else None,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout,
                                env=dict(os.environ, **(env or {})))
        return result.returncode, result.stdout.decode(), result.stderr.decode()

    def run(self, *args, **kwargs):
        status, out, err = self.call(*args, **kwargs)
        if status != 0:
            raise Refused(status, err + out)
        return out

    def json(self, *args, **kwargs):
        return json.loads(self.run("--json", *args, **kwargs))

    def refuse(self, code, *args, status=1, **kwargs):
        """Runs what must be refused with this code and exit status; returns the message."""
        got, out, err = self.call(*args, **kwargs)
        if code not in err + out or got != status:
            raise AssertionError("%s: wanted %s (exit %d), got exit %d: %s%s"
                                 % (" ".join(args), code, status, got, err, out))
        return err + out

    def start(self, *args, wait=True, program=SATCHAD):
        log = open(self.log_path, "ab")
        self.daemon = subprocess.Popen([program, "--home", self.home, *args], stdout=log,
                                       stderr=log, stdin=subprocess.DEVNULL)
        log.close()
        _daemons.append(self.daemon)
        if wait:
            wait_for(lambda: self.is_ready(), "the daemon of " + self.name, 20)
        return self

    def is_ready(self):
        if self.daemon.poll() is not None:
            raise AssertionError("the daemon of %s ended:\n%s" % (self.name, self.log()[-2000:]))
        status, _, _ = self.call("--json", "status")
        return status == 0 and os.path.exists(os.path.join(self.home, "control.sock"))

    def log(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    def stop(self, sig=signal.SIGTERM, limit=5):
        if self.daemon is None:
            return
        self.daemon.send_signal(sig)
        self.daemon.wait(limit)
        _daemons.remove(self.daemon)
        status = self.daemon.returncode
        self.daemon = None
        if sig == signal.SIGTERM and status != 0:
            raise AssertionError("%s ended with %d:\n%s" % (self.name, status, self.log()[-2000:]))

    def id(self):
        return self.json("id")["group"]

    def heads(self):
        """{group id: size} of the ledgers that this node knows."""
        return {g["group"]: g["size"] for g in self.json("groups")["groups"]}


def wait_for(condition, what, seconds=30, step=0.05):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(step)
    raise AssertionError("waited %d s in vain for %s" % (seconds, what))


def wait_equal_heads(groups, seconds=30):
    """Until all these nodes know the same heads (and not nothing)."""
    def same():
        heads = [g.heads() for g in groups]
        return heads[0] and all(h == heads[0] for h in heads)
    wait_for(same, "equal heads", seconds)


def found_network(folder, groups, title="Network", currency="THB", name="net"):
    """A network's home whose founding roster is `groups`; every group joins."""
    cards = []
    for g in groups:
        path = os.path.join(folder, g.name + ".card")
        with open(path, "w") as f:
            f.write(g.run("card"))
        cards.append(path)
    net = Group(folder, name, None)
    extra = ["--currency", currency] if currency != "THB" else []
    net.run("network", "found", "--name", title, "--listen", "127.0.0.1:%d" % net.port, *extra,
            *cards)
    invite = os.path.join(folder, "net.invite")
    with open(invite, "w") as f:
        f.write(net.run("network", "invite"))
    for g in groups:
        g.run("network", "join", invite, "--officer-key", g.key())
    return net


def _end_daemons():
    for daemon in list(_daemons):
        if daemon.poll() is None:
            daemon.kill()
            daemon.wait()


atexit.register(_end_daemons)


def main(tests):
    """Runs each test function; prints one line each; exit 1 at the first failure."""
    for test in tests:
        begin = time.monotonic()
        try:
            test()
        except Exception as error:  # a failing check, a refused command, a time-out
            print("FAILED %s: %s" % (test.__name__, error))
            raise
        print("passed %s (%.1f s)" % (test.__name__, time.monotonic() - begin))
