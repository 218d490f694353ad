"""Reads the part of the ledger format that the open books use: dated transactions whose postings
carry dollars, one of them possibly without an amount."""
import decimal
import re

HEAD = re.compile(r"^(\d{4})/(\d{1,2})/(\d{1,2})\s+(.*)$")
POSTING = re.compile(r"^\s+([A-Z][^;$]*?)(?:\s{2,}|\t)\s*(-?)\$\s*(-?)([\d,]+(?:\.\d+)?)\s*(?:;.*)?$")
ELIDED = re.compile(r"^\s+([A-Z][^;$]*?)\s*(?:;.*)?$")


def transactions(path):
    """[(date, [(account, cents)…])…] in file order; elided amounts are filled in."""
    result = []
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            line = line.rstrip("\n")
            head = HEAD.match(line)
            if head:
                result.append(("%04d-%02d-%02d" % tuple(int(n) for n in head.group(1, 2, 3)), []))
                continue
            if not line.strip() or line.lstrip().startswith(";"):
                continue
            posting = POSTING.match(line)
            if posting:
                cents = int(decimal.Decimal(posting.group(4).replace(",", "")) * 100)
                if posting.group(2) or posting.group(3):
                    cents = -cents
                result[-1][1].append((posting.group(1), cents))
                continue
            elided = ELIDED.match(line)
            if not elided:
                raise ValueError("line %d: %r" % (number, line))
            result[-1][1].append((elided.group(1), None))
    for date, postings in result:
        rest = -sum(cents for _, cents in postings if cents is not None)
        missing = [i for i, (_, cents) in enumerate(postings) if cents is None]
        if len(missing) > 1 or (not missing and rest != 0):
            raise ValueError("a transaction of %s does not balance" % date)
        if missing:
            postings[missing[0]] = (postings[missing[0]][0], rest)
    return result
