#!/usr/bin/env python3
# e2e: the README's walk, and mistakes that a treasurer makes
# timeout: 120
"""Every command line of the README's walk, taken from the README itself, run in an empty folder by
bash; then the mistakes: each gets its code, its exit status and a line that helps."""
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import unicodedata

from harness import BUILD, ROOT, Group, check, equal, found_network, free_port, main, workspace


def walk_lines():
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as f:
        text = f.read()
    block = re.search(r"## A walk by hand.*?```\n(.*?)```", text, re.S).group(1)
    return block.strip().split("\n")


def test_the_readme_walk():
    folder = workspace("walk")
    lines = walk_lines()
    check(12 <= len(lines) <= 18, "the walk has %d lines" % len(lines))
    script = "set -e -m\n" + "\n".join(lines) + "\nwait\n"
    for port in ("7420", "7421", "7422"):
        script = script.replace("127.0.0.1:" + port, "127.0.0.1:%d" % free_port())
    result = subprocess.run(["bash", "-c", script], cwd=folder, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=60,
                            env=dict(os.environ, PATH=BUILD + ":" + os.environ["PATH"]))
    out = result.stdout.decode()
    check(result.returncode == 0, "the walk ended with %d:\n%s\n%s"
          % (result.returncode, out[-1500:], result.stderr.decode()[-1500:]))
    check("1,200.00" in out, "the deposit is shown")
    check("กองทุนบ้านส้อง" in out, "Thai names are shown")


def test_mistakes_get_lines_that_help():
    folder = workspace("mistakes")
    song = Group(folder, "song", "กองทุนบ้านส้อง", extra=("--officer-count", "2"))
    said = song.refuse("E_MEMBER", "post", "deposit", "--member", "42", "--amount", "1,200.00")
    check("42" in said, "names the member: " + said)
    song.run("member", "join", "42")
    song.run("post", "deposit", "--member", "๔๒", "--amount", "๑,๒๐๐.๐๐")
    said = song.refuse("E_NEGATIVE", "post", "withdraw", "--member", "42", "--amount", "5,000.00")
    check("member 42 holds 1,200.00, asked 5,000.00" in said, "both figures: " + said)
    for args in (("--amount", "12.345"), ("--amount", "-5"), ("--amount", "1,2,3"),
                 ("--amount", "10000000000000.01")):
        song.refuse("E_AMOUNT", "post", "deposit", "--member", "42", *args)
    song.refuse("E_DATE", "post", "deposit", "--member", "42", "--amount", "1", "--date",
                "2570-02-29")
    song.refuse("E_DATE", "post", "deposit", "--member", "42", "--amount", "1", "--date",
                "2099-01-01")
    said = song.refuse("E_EVENT", "post", "depsit", "--member", "42", "--amount", "1")
    check("events" in said, "says where the events are listed: " + said)
    song.refuse("E_USAGE", "post", "deposit", "--membr", "42", status=2)
    song.refuse("E_USAGE", "pots", status=2)
    song.refuse("E_MEMBER", "member", "leave", "42")
    song.refuse("E_NOT_FOUND", "balance", "12345678")
    said = song.refuse("E_AMOUNT", "post", "deposit", "--member", "42")
    check("--amount" in said, "says what is missing: " + said)
    song.refuse("E_QUORUM", "reverse", "2")
    said = song.refuse("E_KIND", "reverse", "1", "--officer-key", song.key(2))
    check("entry 1 is of kind member" in said, "names the entry: " + said)
    stranger = Group(folder, "stranger", "กองทุนอื่น")
    said = song.refuse("E_QUORUM", "reverse", "2", "--officer-key", stranger.key(2))
    check("key file of officer 2" in said and said.count("public key") == 1, "whose key: " + said)
    song.refuse("E_NO_DAEMON", "peers", status=3)
    equal(song.json("balance", "--member", "42")["rows"][0]["balance"], 120000, "42's savings")
    status, out, _ = song.call("--json", "post", "deposit", "--member", "43", "--amount", "1")
    check(status == 1 and '"error": "E_MEMBER"' in out, "an error as JSON: " + out)


def test_init_that_is_refused_leaves_nothing():
    folder = workspace("init")
    home = Group(folder, "f", None)
    good = ("init", "--name", "x", "--type", "savings")
    for mistake in (("--currency", "thb"), ("--place", "841"), ("--place", "99"),
                    ("--area", "7"), ("--listen", "nowhere"), ("--fiscal-month", "13")):
        home.refuse("E_USAGE", *good, *mistake, status=2)
        equal(os.listdir(folder), [], "what %s leaves" % (mistake,))
    os.mkdir(home.officers)
    with open(home.key(2), "w") as f:
        f.write("somebody's")
    said = home.refuse("E_EXISTS", *good)
    check(home.key(2) in said, "names the file: " + said)
    equal(os.listdir(home.officers), ["2.key"], "officers' keys")
    os.unlink(home.key(2))
    said = home.run(*good)
    check("member opening" in said and "card" in said, "says what comes next: " + said)
    said = home.run("status")
    check("own entries can be written" in said and "daemon     not running" in said, said)
    home.start()
    check("daemon     dials only" in home.run("status"), "how the daemon is reached")
    home.stop()


def completed(folder, *typed):
    """What a real bash offers after these words (the last is what is typed so far)."""
    words = " ".join("'%s'" % word for word in ("satcha",) + typed)
    script = "source <(satcha completion)\nCOMP_WORDS=(%s); COMP_CWORD=%d\n" \
             "_satcha satcha\nprintf '%%s\\n' \"${COMPREPLY[@]}\"" % (words, len(typed))
    result = subprocess.run(["bash", "--norc", "-c", script], cwd=folder, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, timeout=20,
                            env=dict(os.environ, PATH=BUILD + ":" + os.environ["PATH"],
                                     LC_ALL="C.UTF-8"))
    equal(result.stderr.decode(), "", "errors of completing %s" % (typed,))
    return result.stdout.decode().split("\n")[:-1]


def test_bash_completes():
    folder = workspace("complete")
    song = Group(folder, "song", "กองทุน บ้านส้อง")
    found_network(folder, [song])
    equal(completed(folder, "memb"), ["member"], "commands")
    equal(completed(folder, "member", ""), ["join", "leave", "list", "opening"], "second words")
    equal(completed(folder, "pee"), ["peer", "peers"], "peer and peers")
    equal(completed(folder, "post", "with"), ["withdraw"], "events")
    equal(completed(folder, "post", "deposit", "--am"), ["--amount"], "options after a word")
    equal(completed(folder, "post", "deposit", "--amount", "5", "--mem"), ["--member", "--memo"],
          "options after a value")
    equal(completed(folder, "post", "deposit", "--account", "212"), ["2120"], "accounts")
    equal(completed(folder, "init", "--type", "wel"), ["welfare"], "types")
    equal(completed(folder, "--lang", ""), ["th", "en"], "languages")
    equal(completed(folder, "audit", "--by", "prov"), ["province"], "levels")
    equal(completed(folder, "network", "join", "net.inv"), ["net.invite"], "files")
    equal(completed(folder, "--home", "song", "balance", song.id()[:3]), [song.id()[:8]], "ids")
    equal(completed(folder, "--home", "song", "log", "กอง"), ["กองทุน\\ บ้านส้อง"], "names")
    equal(completed(folder, "status", ""), [""], "nothing to choose")


def on_terminal(group, columns, *args):
    """Lines of a command's output on a terminal of so many columns."""
    front, back = pty.openpty()
    fcntl.ioctl(back, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    command = subprocess.Popen([os.path.join(BUILD, "satcha"), "--home", group.home, *args],
                               stdin=subprocess.DEVNULL, stdout=back, stderr=subprocess.DEVNULL)
    os.close(back)
    text = b""
    try:
        while True:
            part = os.read(front, 65536)
            if not part:
                break
            text += part
    except OSError:
        pass  # the other end of a terminal is closed: EIO
    os.close(front)
    equal(command.wait(), 0, "%s on a terminal" % (args,))
    return text.decode().replace("\r", "").split("\n")


def width(line):
    return sum(unicodedata.category(c) != "Mn" for c in line)


def test_listings_on_a_terminal_of_80_columns():
    folder = workspace("terminal")
    song = Group(folder, "song", "กองทุนบ้านส้อง")
    phon = Group(folder, "phon", "กองทุนโพนทอง", place="431702")
    net = found_network(folder, [song, phon], title="เครือข่ายตัวอย่าง")
    song.run("member", "join", "42")
    song.run("post", "deposit", "--member", "42", "--amount", "1,200.00")
    song.run("reverse", "3", "--officer-key", song.key(2))
    for args in (("groups",), ("events",), ("events", "--lang", "th"), ("accounts",), ("log",),
                 ("lines", "--member", "42", "--account", "2110"), ("audit", "--lang", "th"),
                 ("network", "show"), ("peer", "list")):
        for line in on_terminal(song, 80, *args):
            check(width(line) <= 80, "%s: %d columns: %s" % (args, width(line), line))
            check("\x1b" not in line, "no escape codes: %r" % line)
    held = net.run("groups")
    check("N/A" in held and "not-held" in held, "members of what is not held: " + held)
    equal(len(song.json("peer", "list")["peers"]), 3, "one line an address")
    check("governor 2" in song.run("network", "show"), "governors are shown")
    log = song.run("log")
    check("amend     network" in log and "of entry 3" in log, "what was changed: " + log)
    lines = song.run("lines", "--member", "42", "--account", "2110")
    check("debit" in lines and "-" not in lines.split("\n")[1].split("deposit")[1], lines)
    check("1 (entry 4)" in song.run("audit"), "the audit names the reversal")


def test_governors_admit_a_group_of_a_name_that_is_taken():
    """Every governor's key file is number 1 of its own group."""
    folder = workspace("admit")
    song = Group(folder, "song", "กองทุนบ้านส้อง")
    phon = Group(folder, "phon", "กองทุนโพนทอง", place="431702")
    net = found_network(folder, [song, phon])
    late = Group(folder, "late", "กองทุนบ้านส้อง", place="84")
    card = os.path.join(folder, "late.card")
    with open(card, "w") as f:
        f.write(late.run("card"))
    net.refuse("E_QUORUM", "admit", card, "--officer-key", phon.key())
    said = net.refuse("E_QUORUM", "admit", card, "--officer-key", late.key())
    check("no governor" in said, "whose key: " + said)
    net.refuse("E_USAGE", "admit", card, "--officer-key", phon.key(), "--officer-key", phon.key(),
               status=2)
    net.run("admit", card, "--officer-key", phon.key(), "--officer-key", song.key())
    equal(len(net.json("groups")["groups"]), 4, "ledgers expected")
    said = net.refuse("E_AMBIGUOUS", "log", "กองทุนบ้านส้อง")
    check(song.id()[:8] in said and late.id()[:8] in said, "names both: " + said)


def test_help_is_where_one_asks_for_it():
    folder = workspace("help")
    home = Group(folder, "none", None)
    for ask in (("help", "post"), ("post", "--help"), ("post", "deposit", "--help")):
        check(home.run(*ask).startswith("satcha post EVENT"), "help of post: %s" % (ask,))
    check("network join" in home.run("network", "--help"), "a family of commands")
    check("งบทดลอง" in home.run("--help"), "Thai lines")
    check("ตัวอย่าง" in home.run("--lang", "th", "help", "import"), "Thai help of a command")
    for ask in ((), ("peer",), ("help", "nothing"), ("--lang", "xx", "id"), ("id", "--home")):
        home.refuse("E_USAGE", *ask, status=2)


def test_a_file_happens_whole_or_not_at_all():
    folder = workspace("files")
    song = Group(folder, "song", "กองทุนบ้านส้อง")
    song.run("member", "join", "1-3")
    path = os.path.join(folder, "may.csv")
    good = "date,event,member,amount,memo,op\n" \
           "2026-05-05,deposit,1,100.00,,a1\n5/5/2569,deposit,2,\"1,200.00\",สัจจะ,a2\n" \
           "๕/๕/๒๕๖๙,withdraw,2,200.00,,a3\n"
    size = song.json("status")["size"]
    for bad, code, line in ((good + "2026-05-06,deposit,9,1.00,,a4\n", "E_MEMBER", 5),
                            (good + "2026-05-06,withdraw,1,100.01,,a4\n", "E_NEGATIVE", 5),
                            (good.replace("100.00", "100.001"), "E_AMOUNT", 2),
                            (good.replace("amount", "betrag"), "E_HEADER", None),
                            (good + "2026-05-06,deposit,1,5.00,,a1\n", "E_DUP", 5)):
        with open(path, "w", encoding="utf-8") as f:
            f.write(bad)
        said = song.refuse(code, "import", path)
        if line is not None:
            check("%s:%d:" % (path, line) in said, "names the line: " + said)
        equal(song.json("status")["size"], size, "nothing posted")
    with open(path, "w", encoding="utf-8") as f:
        f.write(good)
    song.run("import", path, "--dry-run")
    equal(song.json("status")["size"], size, "a dry run posts nothing")
    song.run("import", path)
    check("already" in song.run("import", path), "the same file again changes nothing")
    equal(song.json("balance", "--member", "2")["rows"][0]["balance"], 100000, "2's savings")


if __name__ == "__main__":
    main([test_the_readme_walk, test_bash_completes, test_governors_admit_a_group_of_a_name_that_is_taken,
          test_listings_on_a_terminal_of_80_columns, test_help_is_where_one_asks_for_it,
          test_mistakes_get_lines_that_help,
          test_init_that_is_refused_leaves_nothing, test_a_file_happens_whole_or_not_at_all])
