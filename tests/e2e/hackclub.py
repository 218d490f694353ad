#!/usr/bin/env python3
# e2e: open books of a non-profit, every balance as `ledger` prints it
# timeout: 120
"""1,360 real transactions in US dollars as journal entries; each of the 51 accounts ends with the
balance that Debian's `ledger` computes from the original file. Parties are numbered here: no name
enters the books."""
import collections
import csv
import os
import re
import shutil
import subprocess

from harness import Group, check, equal, found_network, main, shared, skip, wait_equal_heads, \
    workspace
import ledgerfile

INCOME = {"Income:Fundraising": ("4315", 1), "Income:Website Donations": ("4315", 2),
          "Income:Hack Camp": ("4210", None), "Income:Bank Interest": ("4130", None),
          "Income:Other": ("4190", None)}


def mapping(accounts):
    """original account -> (account, column, number): sub for banks, party for liabilities, unit
    for the kinds of income and expense."""
    result, next_number = {}, collections.Counter()
    for name in sorted(accounts):
        head = name.split(":")[0]
        if head == "Income":
            code, unit = INCOME[name]
            result[name] = (code, "unit", unit)
            continue
        code, column = {"Assets": ("1120", "sub"), "Liabilities": ("2410", "party"),
                        "Expenses": ("5240", "unit")}[head]
        next_number[head] += 1
        result[name] = (code, column, next_number[head])
    return result


def write_csv(path, transactions, where):
    rows = 0
    with open(path, "w", newline="", encoding="utf-8") as f:
        out = csv.writer(f)
        out.writerow(["date", "event", "member", "amount", "memo", "op", "account", "sub", "party",
                      "unit"])
        for number, (date, postings) in enumerate(transactions, 1):
            for name, cents in postings:
                if cents == 0:
                    continue
                code, column, value = where[name]
                cell = {column: value if value is not None else ""}
                out.writerow([date, "journal", "", "%.2f" % (cents / 100), "", "tx-%d" % number,
                              code, cell.get("sub", ""), cell.get("party", ""),
                              cell.get("unit", "")])
                rows += 1
    return rows


def oracle(path):
    """account -> cents, as `ledger bal --flat --empty` prints them."""
    out = subprocess.run(["ledger", "-f", path, "bal", "--flat", "--empty"], check=True,
                         stdout=subprocess.PIPE).stdout.decode()
    result = {}
    for line in out.splitlines():
        match = re.match(r"^\s*\$?(-?)([\d,.]+)\s+([A-Z].*)$", line)
        if match:
            cents = int(round(float(match.group(2).replace(",", "")) * 100))
            result[match.group(3)] = -cents if match.group(1) else cents
    return result


def our_balances(group, where):
    """account -> cents from the group's own lines, children added to their parents."""
    totals = collections.Counter()
    for code in sorted({place[0] for place in where.values()}):
        start, more = 0, True
        while more:
            page = group.json("lines", "--account", code, "--from", str(start))
            for line in page["lines"]:
                for column in ("sub", "party", "unit"):
                    if line.get(column):
                        break
                totals[(code, line.get("sub") or line.get("party") or line.get("unit"))] += \
                    line["amount"]
            more, start = page["more"], page.get("next")
    result = collections.Counter()
    for name, (code, _, number) in where.items():
        parts = name.split(":")
        for depth in range(2, len(parts) + 1):
            result[":".join(parts[:depth])] += totals[(code, number)]
    return result


def test_every_balance_is_as_ledger_prints_it():
    path = shared("data", "hackclub", "main.ledger")
    if not shutil.which("ledger"):
        skip("no `ledger` program")
    folder = workspace("hackclub")
    books = Group(folder, "books", "Open books", kind="other", place="10", currency="USD")
    auditor = Group(folder, "auditor", "Auditor", kind="other", place="10", currency="USD")
    found_network(folder, [books, auditor], currency="USD")
    transactions = ledgerfile.transactions(path)
    equal(len(transactions), 1360, "transactions")
    where = mapping({name for _, postings in transactions for name, _ in postings})
    equal(len(where), 51, "accounts")
    file = os.path.join(folder, "books.csv")
    rows = write_csv(file, transactions, where)
    done = books.json("import", file)
    equal(done["rows"], rows, "rows imported")
    wanted, got = oracle(path), our_balances(books, where)
    compared = 0
    for name, cents in wanted.items():
        equal(got[name], cents, name)
        compared += 1
    check(compared >= 47, "only %d accounts were compared" % compared)
    equal({name for name, cents in got.items() if cents != 0 and name in where},
          {name for name, cents in wanted.items() if cents != 0 and name in where},
          "accounts with a balance")
    books.start()
    auditor.start()
    wait_equal_heads([books, auditor])
    def rows_of(node):
        return {r["account"]: r["balance"] for r in node.json("balance", books.id())["rows"]}
    equal(rows_of(auditor), rows_of(books), "trial balance at the auditor's node")
    books.stop()
    auditor.stop()
    print("%d accounts compared with ledger" % compared)


if __name__ == "__main__":
    main([test_every_balance_is_as_ledger_prints_it])
