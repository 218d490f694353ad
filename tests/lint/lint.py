#!/usr/bin/env python3
"""The project's own rules, those that no compiler knows: `make lint`.

Each finding is one line, `file:line: rule: what`. A line is excused by a comment on it or on the
line above, `lint:allow(rule) reason`; the reason is part of the excuse. Standard library only.
tests/lint/planted.sh breaks every rule once and checks that it is refused.
"""

import os
import re
import subprocess
import sys

LAYERS = ("proto", "store", "daemon", "tools")
FILE_LINES_MAX = 800
FUNCTION_LINES_MAX = 70

# include-direction: proto <- store <- daemon, tools -> store.
MAY_INCLUDE = {
    "proto": ("proto",),
    "store": ("proto", "store"),
    "daemon": ("proto", "store", "daemon"),
    "tools": ("proto", "store", "tools"),
    "tests": LAYERS + ("tests",),
    "mk": ("proto",),
}
# proto/ is pure: bytes, time and randomness come in as arguments, so it needs only these.
PROTO_SYSTEM = re.compile(
    r"(assert|ctype|errno|inttypes|limits|std\w+|string)\.h$"
    r"|sodium\.h$|openssl/evp\.h$|msgpack\.h$|msgpack/\w+\.h$"
)
NETWORK = re.compile(r"sys/(socket|un|epoll|select)\.h$|netinet/|arpa/|netdb\.h$|poll\.h$|net/")

BANNED_CALLS = {
    "sprintf": "snprintf",
    "vsprintf": "vsnprintf",
    "strcpy": "memcpy with the length that was checked",
    "strcat": "snprintf",
    "stpcpy": "memcpy with the length that was checked",
    "strncpy": "memcpy with the length that was checked",
    "gets": "fgets",
    "strtok": "a cursor over struct bytes",
    "atoi": "a parser that refuses what is no number",
    "atol": "a parser that refuses what is no number",
    "atoll": "a parser that refuses what is no number",
    "atof": "whole numbers; there is no floating point near money",
    "gmtime": "proto/date.h",
    "localtime": "proto/date.h (civil dates are UTC+7 everywhere)",
    "strftime": "proto/date.h",
    "ctime": "proto/date.h",
    "asctime": "proto/date.h",
    "rand": "randomness that the caller passes in",
    "srand": "randomness that the caller passes in",
    "system": "no shell",
    "popen": "no shell",
    "alloca": "a fixed array with a cap of proto/limits.h, or malloc",
}
BANNED = re.compile(r"(?<![\w.>])(" + "|".join(BANNED_CALLS) + r")\s*\(")
REALLOC_SELF = re.compile(r"([\w.\[\]>-]+)\s*=\s*(?:\([^()]*\)\s*)?realloc\(\s*\1\s*,")

# Files that may look inside struct amount; every other one goes through proto/amount.h.
RAW_MONEY = re.compile(r"(?:\.|->)satang\b")
RAW_MONEY_FILES = ("proto/amount.h", "proto/amount.c")

PRINTS = re.compile(r"\b(printf|vprintf|puts|putchar|perror)\s*\(|\b(stdout|stderr)\b")
MACHINE_PATH = re.compile(r"(?<![\w.}])/(?:work|root|home)/")
REGISTRY_HOST = re.compile(
    r"\b(?:registry\.|proxy\.golang|crates\.io|pypi\.|pythonhosted|rubygems)"
    r"|://[^/\s\"']*(?:registry|mirror|artifact|nexus|proxy)", re.I)
SUPPRESSION = re.compile(r"lint:allow\((?P<rule>[\w-]*)\)\s*(?P<reason>[^*\n]*)")
# These name what they forbid.
SELF = "tests/lint/"

RULES = {
    "include-direction", "include-root", "uv-in-daemon", "banned-call", "realloc-self",
    "raw-money", "no-float", "library-prints", "file-lines", "function-lines", "file-comment",
    "header-guard", "machine-path", "registry-host", "ndebug", "architecture", "suppression",
}


class Source:
    """One text file: its lines, the same without comments and strings, its suppressions."""

    def __init__(self, path, text):
        self.path = path
        self.layer = path.split("/")[0]
        self.is_c = path.endswith((".c", ".h"))
        self.lines = text.split("\n")
        if self.lines[-1] == "":
            self.lines.pop()
        self.code = blank(text).split("\n") if self.is_c else []


class Report:
    """Collects findings; a suppression takes away those of its own line and of the next."""

    def __init__(self):
        self.found = []
        self.allowed = {}
        self.used = set()

    def read_suppressions(self, source):
        if source.path.startswith(SELF):
            return
        for number, line in enumerate(source.lines, 1):
            match = SUPPRESSION.search(line)
            if not match:
                continue
            rule, reason = match["rule"], match["reason"].strip()
            if rule not in RULES:
                self.add(source.path, number, "suppression", f"there is no rule '{rule}'")
            elif len(reason.split()) < 2:
                self.add(source.path, number, "suppression",
                         f"lint:allow({rule}) says no reason; write it behind the bracket")
            else:
                self.allowed[(source.path, number, rule)] = (source.path, number)
                self.allowed[(source.path, number + 1, rule)] = (source.path, number)

    def add(self, path, line, rule, what):
        assert rule in RULES, rule
        excuse = self.allowed.get((path, line, rule))
        if excuse:
            self.used.add(excuse)
        else:
            self.found.append((path, line, rule, what))

    def close(self):
        for path, line in sorted(set(self.allowed.values()) - self.used):
            self.add(path, line, "suppression", "lint:allow here excuses nothing; remove it")
        return sorted(set(self.found))


def blank(text):
    """C text with comments and the insides of literals turned to spaces, line by line."""
    pattern = re.compile(
        r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)

    def spaces(match):
        return re.sub(r"[^\n]", " ", match[0])

    # An include's file name is no string literal: it is kept by reading the original line.
    return pattern.sub(spaces, text)


def check_includes(source, report, files):
    for number, line in enumerate(source.lines, 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if not match or not source.code[number - 1].strip():
            continue
        quoted, name = match[1] == '"', match[2]
        if quoted:
            top = name.split("/")[0]
            if "/" not in name or top not in MAY_INCLUDE:
                report.add(source.path, number, "include-root",
                           f'"{name}" is not written from the root, as in "proto/entry.h"')
            elif name not in files:
                report.add(source.path, number, "include-root", f'there is no file "{name}"')
            elif top not in MAY_INCLUDE.get(source.layer, ()):
                report.add(source.path, number, "include-direction",
                           f"{source.layer}/ may include from "
                           f"{', '.join(MAY_INCLUDE.get(source.layer, ()))}, not {name}")
            continue
        if name == "uv.h" and source.layer != "daemon":
            report.add(source.path, number, "uv-in-daemon", "only daemon/ includes <uv.h>")
        elif source.layer == "proto" and not PROTO_SYSTEM.match(name):
            report.add(source.path, number, "include-direction",
                       f"<{name}>: proto/ is pure (no sockets, clocks, files, SQLite)")
        elif source.layer == "store" and NETWORK.match(name):
            report.add(source.path, number, "include-direction",
                       f"<{name}>: store/ knows no network")
        elif source.layer == "tools" and name == "sqlite3.h":
            report.add(source.path, number, "include-direction",
                       "<sqlite3.h>: tools/ asks the request table of store/")


def check_code(source, report):
    for number, code in enumerate(source.code, 1):
        for match in BANNED.finditer(code):
            report.add(source.path, number, "banned-call",
                       f"{match[1]}(): use {BANNED_CALLS[match[1]]}")
        if REALLOC_SELF.search(code):
            report.add(source.path, number, "realloc-self",
                       "the old block is lost when realloc fails: keep the result apart first")
        if source.path not in RAW_MONEY_FILES and RAW_MONEY.search(code):
            report.add(source.path, number, "raw-money",
                       "struct amount is opened only in proto/amount.[ch]; use its functions")
        if source.layer in ("proto", "store"):
            if re.search(r"\b(float|double)\b", code):
                report.add(source.path, number, "no-float", "no floating point near money")
            if PRINTS.search(code):
                report.add(source.path, number, "library-prints",
                           "proto/ and store/ never print: return it in struct err")


def check_functions(source, report):
    """A function is what stands between a `{` and a `}` in the first column."""
    opened = None
    for number, code in enumerate(source.code, 1):
        if code.startswith("{"):
            opened = number
        elif code.startswith("}") and opened is not None:
            lines = number - opened - 1
            if lines > FUNCTION_LINES_MAX:
                report.add(source.path, opened, "function-lines",
                           f"{lines} lines; a function has at most {FUNCTION_LINES_MAX}")
            opened = None


def check_shape(source, report):
    if len(source.lines) > FILE_LINES_MAX and (
            source.is_c or source.path.endswith((".py", ".sh", ".mk"))):
        report.add(source.path, FILE_LINES_MAX + 1, "file-lines",
                   f"{len(source.lines)} lines; a file has at most {FILE_LINES_MAX}")
    if not source.is_c:
        return
    if not source.lines or not source.lines[0].startswith("/*"):
        report.add(source.path, 1, "file-comment", "a file opens with a comment: what it is for")
    if source.path.endswith(".h"):
        guard = "SATCHA_" + re.sub(r"[^A-Z0-9]", "_", source.path.upper())
        text = "\n".join(source.code)
        if not re.match(rf"\s*#ifndef {guard}\n#define {guard}\n", text):
            report.add(source.path, 1, "header-guard",
                       f"opens with #ifndef {guard} and #define {guard}")


def check_text(source, report):
    for number, line in enumerate(source.lines, 1):
        if MACHINE_PATH.search(line):
            report.add(source.path, number, "machine-path", "a path of one machine")
        if REGISTRY_HOST.search(line):
            report.add(source.path, number, "registry-host", "a host of one machine's registry")
        if re.search(r"\bNDEBUG|-DNDEBUG", line):
            report.add(source.path, number, "ndebug", "assertions stay on in every build")


ARCHITECTURE = "docs/architecture.md"
FILE_NAME = re.compile(r"`((?:proto|store|daemon|tools|tests|docs|mk)/[\w./-]*?[\w-]+)"
                       r"\.(\[ch\]|[a-z]+)`")


def check_architecture(source, report, files):
    """Each file of the four layers opens one line of a list or table: `- `proto/id.[ch]`: ….`"""
    named = set()
    for number, line in enumerate(source.lines, 1):
        for stem, extension in FILE_NAME.findall(line):
            names = [f"{stem}.c", f"{stem}.h"] if extension == "[ch]" else [f"{stem}.{extension}"]
            for name in names:
                if name not in files:
                    report.add(source.path, number, "architecture", f"names {name}: no such file")
        opening = re.match(rf"\s*[-*|]\s*((?:{FILE_NAME.pattern}[\s,|:]*)+)(.*)", line)
        if opening:
            sentence = opening[opening.lastindex].strip(" |")
            if len(sentence.split()) < 3 or not sentence.endswith("."):
                report.add(source.path, number, "architecture",
                           "a file's line says in one sentence what the file is for")
                continue
            for stem, extension in FILE_NAME.findall(opening[1]):
                named |= {f"{stem}.c", f"{stem}.h"} if extension == "[ch]" else {
                    f"{stem}.{extension}"}
    for name in sorted(files):
        if re.match(r"(?:proto|store|daemon|tools)/.*\.[ch]$", name) and name not in named:
            report.add(source.path, 1, "architecture",
                       f"no line for {name}; write - `{name}`: what it is for.")


def list_files(root):
    """What git tracks or would track; in a copy without .git, everything outside build/."""
    if os.path.exists(os.path.join(root, ".git")):
        output = subprocess.run(
            ["git", "-C", root, "ls-files", "-z", "-co", "--exclude-standard"],
            check=True, stdout=subprocess.PIPE).stdout.decode()
        names = set(output.split("\0")) - {""}
    else:
        names = set()
        for folder, subfolders, leaves in os.walk(root):
            subfolders[:] = [name for name in subfolders if name not in ("build", "__pycache__")]
            names |= {os.path.relpath(os.path.join(folder, leaf), root) for leaf in leaves}
    return {name for name in names if os.path.isfile(os.path.join(root, name))}


def main():
    root = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    files = list_files(root)
    report = Report()
    for name in sorted(files):
        try:
            with open(os.path.join(root, name), encoding="utf-8", newline="") as stream:
                source = Source(name, stream.read())
        except (UnicodeDecodeError, FileNotFoundError):
            continue  # a golden file or a corpus; or it went away meanwhile
        report.read_suppressions(source)
        if not name.startswith(SELF) and name != "LICENSE":
            check_text(source, report)
        check_shape(source, report)
        if source.is_c:
            check_includes(source, report, files)
            check_code(source, report)
            check_functions(source, report)
        if name == ARCHITECTURE:
            check_architecture(source, report, files)
    found = report.close()
    for path, line, rule, what in found:
        print(f"{path}:{line}: {rule}: {what}")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
