#!/usr/bin/env python3
"""The table of field defects and the tests agree. Usage: scenarios.py SOURCE_DIR DOCUMENT LAST_NUMBER

Each row `| S-42 | what went wrong | tests or reason |` stands once, in order, S-01 to the last. It quotes the tests that
hold it, or begins with "Not here:" or "Not yet:" and says why. A test that carries a number (S_42 in C++, S-42 in a script)
stands in the row of that number. That quoted tests exist, named_tests.py checks.
"""
import os
import re
import sys

from named_tests import KINDS, QUOTE, Known

ROW = re.compile(r"^\| S-(\d+) \| (.+?) \| (.+) \|$", re.M)
NUMBER = re.compile(r"(?:^|[.\W_])S[_-](\d{2,3})(?=[_\W]|$)")
REASONS = ("Not here:", "Not yet:")


def numbers_in(name):
    return {int(number) for number in NUMBER.findall(name)}


def numbered_tests(known):
    """(quotation, numbers) of every test that carries one."""
    for quoted in known.cpp:
        yield quoted, numbers_in(quoted)
    for name, title in known.script:
        if "/" not in name:
            yield f"{name}: {title}", numbers_in(title)


def check(text, tests, last):
    rows, errors = {}, []
    for number, story, held_by in ROW.findall(text):
        number = int(number)
        if number in rows:
            errors.append(f"S-{number:02} stands twice")
        elif rows and number < max(rows):
            errors.append(f"S-{number:02} stands after S-{max(rows):02}")
        quoted = {name for name in QUOTE.findall(held_by) if any(kind.fullmatch(name) for _, kind in KINDS)}
        rows[number] = quoted
        if not quoted and not held_by.startswith(REASONS):
            errors.append(f"S-{number:02} names neither a test nor a reason")
        for name in quoted:
            carried = numbers_in(name)
            if carried and number not in carried:
                errors.append(f"S-{number:02} quotes `{name}`, which carries another number")
    errors += [f"S-{number:02} is missing" for number in range(1, last + 1) if number not in rows]
    errors += [f"S-{number:02} is more than S-{last}" for number in rows if number > last]
    for quoted, numbers in tests:
        errors += [f"`{quoted}` is not in the row of S-{number:02}" for number in sorted(numbers)
                   if quoted not in rows.get(number, ())]
    return rows, errors


SAMPLE = """| S-02 | a | `Suite.S_02_Holds` |
| S-01 | b | Not yet: nothing does that. |
| S-01 | c | `a.test.mjs: S-03 S-04: a title` |
| S-05 | d | nothing |"""
SAMPLE_TESTS = [("Suite.S_02_Holds", {2}), ("Suite.S_02_S_04_Holds", {2, 4})]


def main(source, document, last):
    # Out of order, twice, another number, no reason, 3 and 4 missing, 5 too many, a test in neither of its rows.
    if len(check(SAMPLE, SAMPLE_TESTS, 4)[1]) != 9 or numbers_in("A.S_02_S_104_B") != {2, 104}:
        print("error: the rules do not catch their own sample")
        return 1
    with open(os.path.join(source, document), encoding="utf-8") as file:
        rows, errors = check(file.read(), list(numbered_tests(Known(source))), last)
    for error in sorted(errors):
        print(f"error: {document}: {error}")
    held = sum(1 for quoted in rows.values() if quoted)
    print(f"{len(rows)} scenarios, {held} held by tests, {len(errors)} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(os.path.realpath(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
