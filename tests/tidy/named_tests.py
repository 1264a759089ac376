#!/usr/bin/env python3
"""Every test a document quotes exists. Usage: named_tests.py SOURCE_DIR DOCUMENT...

Quoted in backticks: `Suite.Name` of GoogleTest or rapidcheck, `file.test.mjs: title of the test`, `suite.name` of ctest
(sim, fence, tidy), `I7` and the like for a checker of the simulator, and the path of a test file. Each document has to
quote at least one, and the rules are tried on a sample first: a check that finds nothing guards nothing.
"""
import os
import re
import sys

from banned import SCRIPT, tracked_files

CPP_TEST = re.compile(r"^(?:TEST|TEST_F|TEST_P|RC_GTEST_PROP|RC_GTEST_FIXTURE_PROP)\(\s*(\w+),\s*(\w+)", re.M)
SCRIPT_TEST = re.compile(r"""\b(?:test|it)\(\s*(["'`])(.+?)\1\s*,""", re.S)
CTEST = re.compile(r"(?:\bNAME|\bsb_check\()\s*((?:sim|tidy|web)\.\w+)")
CHECKER = re.compile(r'"([A-Z]\d{1,2})"')
QUOTE = re.compile(r"`([^`\n]+)`")

# What a quotation looks like, in the order in which it is tried.
KINDS = (
    ("script", re.compile(r"([\w./-]+\.(?:test|spec)\.(?:mjs|js|tsx?)): (.+)")),
    ("ctest", re.compile(r"(?:sim|tidy|fence|web)\.[a-z]\w*")),
    ("checker", re.compile(r"[A-Z]\d{1,2}")),
    ("path", re.compile(r"[\w./-]*(?:_test\.cc|\.(?:test|spec)\.(?:mjs|js|tsx?))")),
    ("cpp", re.compile(r"[A-Z]\w*\.[A-Z]\w+")),
)


class Known:
    def __init__(self, source):
        self.cpp, self.script, self.ctest, self.checker, self.path = set(), set(), set(), set(), set()
        for name in tracked_files(source):
            base = os.path.basename(name)
            if name.startswith("tests/must_not_compile/attacks/"):
                self.ctest.add("fence." + name.split("/")[3].split(".")[0])
            if not (base.endswith((".cc", *SCRIPT)) or base == "CMakeLists.txt"):
                continue
            self.path |= {name, base}
            try:
                with open(os.path.join(source, name), encoding="utf-8") as file:
                    text = file.read()
            except FileNotFoundError:
                continue  # deleted and not yet committed
            if base == "CMakeLists.txt":
                self.ctest |= set(CTEST.findall(text)) | {"fence.real_rooms"}
            elif base.endswith(".cc"):
                self.cpp |= {".".join(pair) for pair in CPP_TEST.findall(text)}
                if name.startswith("sim/"):
                    self.checker |= set(CHECKER.findall(text))
            else:
                for _, title in SCRIPT_TEST.findall(text):
                    self.script |= {(name, title), (base, title)}

    def missing(self, quoted):
        """None when `quoted` names no test; else whether the test it names is missing."""
        for kind, pattern in KINDS:
            match = pattern.fullmatch(quoted)
            if match:
                return (match.groups() if kind == "script" else quoted) not in getattr(self, kind)
        return None


def check(known, document, text):
    count, errors = 0, []
    for number, line in enumerate(text.splitlines(), 1):
        for quoted in QUOTE.findall(line):
            missing = known.missing(quoted)
            count += missing is not None
            if missing:
                errors.append(f"{document}:{number}: there is no test `{quoted}`")
    if count == 0:
        errors.append(f"{document}: quotes no test")
    return count, errors


SAMPLE = "`Nowhere.IsThisTest` `events.test.mjs: a test nobody wrote` `sim.nothing` `Z99` `src/nothing_test.cc`"


def main(source, documents):
    known = Known(source)
    if len(check(known, "the sample", SAMPLE)[1]) != len(QUOTE.findall(SAMPLE)):
        print("error: the rules do not catch their own sample")
        return 1
    total, errors = 0, []
    for document in documents:
        with open(os.path.join(source, document), encoding="utf-8") as file:
            count, found = check(known, document, file.read())
        total += count
        errors += found
    for error in errors:
        print("error:", error)
    print(f"{len(documents)} documents, {total} tests quoted, {len(errors)} missing")
    return 1 if errors or not documents else 0


if __name__ == "__main__":
    sys.exit(main(os.path.realpath(sys.argv[1]), sys.argv[2:]))
