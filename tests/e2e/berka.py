#!/usr/bin/env python3
# e2e: a real bank's 46,997 running balances
# timeout: 400
"""A Czech bank's transactions of 1993-94: district = group, account = member, account 2120. After
each of the 46,997 transactions the member's balance is the bank's own; the published roundings are
posted as rounding rows. 16 districts have members below zero: refused whole, naming the first bad
line, without the overdraft policy, and accepted with it. An auditor's node ends with the totals."""
import collections
import csv
import os

from harness import Group, check, equal, found_network, main, shared, wait_for, workspace

BATCH = 11 # daemons at a time beside the auditor's


def read_rows(folder):
    """district -> rows in order of date; each: (file row cells, account, balance or None)."""
    district = {}
    with open(os.path.join(folder, "account.asc")) as f:
        for row in csv.DictReader(f, delimiter=";"):
            district[int(row["account_id"])] = int(row["district_id"])
    groups = collections.defaultdict(list)
    with open(os.path.join(folder, "transactions.csv")) as f:
        for number, row in enumerate(csv.DictReader(f)):
            groups[district[int(row["account_id"])]].append((row["date"], number, row))
    for rows in groups.values():
        rows.sort(key=lambda item: item[:2])
    return {d: [row for _, _, row in rows] for d, rows in sorted(groups.items())}


def event_of(row, amount):
    if row["k_symbol"] == "UROK":
        return "savings-interest"
    if row["k_symbol"] in ("SLUZBY", "SANKC. UROK"):
        return "member-fee"
    return "deposit" if amount > 0 else "withdraw"


def baht(haler):
    return "%s%d.%02d" % ("-" if haler < 0 else "", abs(haler) // 100, abs(haler) % 100)


def write_csv(path, rows):
    """Returns (lines, expected): expected is [(account, balance or None)…] per CSV line."""
    expected = []
    with open(path, "w", newline="") as f:
        out = csv.writer(f)
        out.writerow("date event member amount memo op account pay".split())
        for row in rows:
            amount, residual = int(row["signed_haler"]), int(row["residual_haler"])
            event = event_of(row, amount)
            cells = {"deposit": ["2120", ""], "withdraw": ["2120", ""],
                     "savings-interest": ["2120", ""], "member-fee": ["", "2120"]}[event]
            out.writerow([row["date"], event, row["account_id"], baht(abs(amount)), "",
                          row["trans_id"]] + cells)
            balance = int(row["balance_haler"])
            expected.append((int(row["account_id"]), None if residual else balance))
            if residual:
                out.writerow([row["date"], "rounding", row["account_id"], baht(residual), "",
                              row["trans_id"] + "-rounding", "2120", ""])
                expected.append((int(row["account_id"]), balance))
    return expected


def first_below_zero(rows):
    """CSV line of the first row that leaves a member below zero lower than before, or None."""
    balances, line = collections.Counter(), 1
    for row in rows:
        for amount in (int(row["signed_haler"]), int(row["residual_haler"])):
            if amount == 0:
                continue
            line += 1
            balances[row["account_id"]] += amount
            if amount < 0 and balances[row["account_id"]] < 0:
                return line
    return None


def check_running_balances(group, expected):
    """Every line of every member on 2120, in the order of (entry, line), against the bank's own."""
    wanted = collections.defaultdict(list)
    for account, balance in expected:
        wanted[account].append(balance)
    checked = 0
    for account, balances in wanted.items():
        lines = []
        start, more = 0, True
        while more:
            page = group.json("lines", "--member", str(account), "--account", "2120",
                              "--from", str(start))
            lines += page["lines"]
            more, start = page["more"], page.get("next")
        places = [(line["entry"], line["line"]) for line in lines]
        equal(places, sorted(places), "order of lines of member %d" % account)
        equal(len(lines), len(balances), "lines of member %d" % account)
        for line, balance in zip(lines, balances):
            if balance is not None:
                equal(line["balance"], balance, "member %d after entry %d line %d"
                      % (account, line["entry"], line["line"]))
                checked += 1
    return checked


def import_district(folder, district, rows, state):
    group = state["groups"][district]
    path = os.path.join(folder, "district-%d.csv" % district)
    expected = write_csv(path, rows)
    state["lines"] += len(expected)
    bad = first_below_zero(rows)
    if bad is not None:
        message = group.refuse("E_NEGATIVE", "import", path, "--new-members")
        check("%s:%d:" % (path, bad) in message,
              "district %d: line %d was expected in: %s" % (district, bad, message))
        equal(group.json("balance")["rows"], [], "nothing posted by a refused file")
        policy = os.path.join(folder, "overdraft.policy")
        with open(policy, "w") as f:
            f.write("overdraft = yes\n")
        group.run("amend", "--policy", policy, "--officer-key", group.key())
        state["refused"] += 1
    done = group.json("import", path, "--new-members")
    equal(done["rows"], len(expected), "rows of district %d" % district)
    again = group.run("import", path, "--new-members")
    check("already" in again, "the same file again: " + again)
    state["checked"] += check_running_balances(group, expected)
    state["members"] += len({account for account, _ in expected})
    state["totals"][district] = sum(int(r["signed_haler"]) + int(r["residual_haler"])
                                    for r in rows)


def sync_to_auditor(auditor, groups, totals):
    """A batch of daemons at a time beside the auditor's; the auditor ends with every total."""
    auditor.start()
    names = list(groups)
    for first in range(0, len(names), BATCH):
        batch = [groups[d] for d in names[first:first + BATCH]]
        for group in batch:
            group.start()
        for group in batch:
            size = group.json("status")["size"]
            wait_for(lambda: auditor.heads().get(group.id()) == size,
                     "%s at the auditor's node" % group.name, 60)
        for group in batch:
            group.stop()
    for district, group in groups.items():
        rows = auditor.json("balance", group.id())["rows"]
        held = {row["account"]: row["balance"] for row in rows}
        equal(held[2120], -totals[district] if held[2120] < 0 or totals[district] == 0
              else totals[district], "district %d at the auditor's node" % district)
    auditor.stop()


def test_every_running_balance():
    rows = read_rows(shared("data", "berka"))
    equal(len(rows), 77, "districts")
    folder = workspace("berka")
    groups = {d: Group(folder, "district-%02d" % d, "District %d" % d, place="10",
                       extra=("--officer-count", "1")) for d in rows}
    auditor = Group(folder, "auditor", "Auditor", kind="other", place="10")
    found_network(folder, [auditor] + list(groups.values()))
    state = {"groups": groups, "lines": 0, "refused": 0, "checked": 0, "members": 0, "totals": {}}
    for district in rows:
        import_district(folder, district, rows[district], state)
    equal(state["checked"], 46997, "running balances checked")
    equal(state["lines"], 49028, "lines imported")
    equal(state["members"], 1229, "members")
    equal(state["refused"], 16, "districts refused without overdraft")
    sync_to_auditor(auditor, groups, state["totals"])
    print("46,997 running balances, 49,028 lines, 1,229 members, 16 districts refused first")


if __name__ == "__main__":
    main([test_every_running_balance])
