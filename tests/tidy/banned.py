#!/usr/bin/env python3
"""Words that must not appear in the tree, each with its reason. Usage: banned.py SOURCE_DIR

Every rule carries a sample it has to catch, tried first on every run: a rule that catches nothing guards nothing.
"""
import os
import re
import subprocess
import sys

CPP = (".cc", ".h")
SCRIPT = (".ts", ".tsx", ".mjs", ".js")
LINES_MAX = 600  # a file above this has more than one noun
EXEMPT = ("tests/must_not_compile/attacks/", "tests/tidy/banned.py")  # they name what is banned
LOCK_FILES = ("package-lock.json",)


class Rule:
    def __init__(self, why, pattern, sample, *, suffixes=None, inside=(), outside=(), code_only=True):
        self.why, self.pattern, self.sample = why, re.compile(pattern), sample
        self.suffixes, self.inside, self.outside, self.code_only = suffixes, inside, outside, code_only

    def covers(self, name):
        return ((self.suffixes is None or name.endswith(self.suffixes))
                and (not self.inside or any(part in name for part in self.inside))
                and not name.startswith(self.outside))


RULES = [
    Rule("GCC 12 miscompiles coroutines", r"\bco_(await|return|yield)\b", "co_await x;", suffixes=CPP),
    Rule("use a mutex: ThreadSanitizer sees a race inside libstdc++ 12", r"std::atomic<\s*std::shared_ptr",
         "std::atomic<std::shared_ptr<T>> a;", suffixes=CPP),
    Rule("name what you use (literals excepted)", r"\busing namespace (?!std::(\w+::)*\w*literals\b)",
         "using namespace std;", suffixes=CPP),
    Rule("'\\n' does not flush", r"\bstd::endl\b", "out << std::endl;", suffixes=CPP),
    Rule("standard output belongs to the command line", r"\bstd::cout\b|(?<![\w:])(std::)?printf\(", "std::cout << 1;",
         suffixes=CPP, outside=("apps/", "bench/", "fuzz/", "tests/")),
    Rule("spawn with an argument list, never through a shell", r"(?<![\w.>])(std::|::)?(system|popen)\s*\(",
         'system("ls");', suffixes=CPP),
    Rule("include by the room's own root", r'#\s*include\s+"\.\.', '#include "../x.h"', suffixes=CPP, code_only=False),
    Rule("poll with a deadline", r"\b(sleep_for|sleep_until|usleep|nanosleep)\b", "sleep_for(1s);",
         suffixes=CPP, inside=("tests/", "_test.cc")),
    Rule("own memory by value or unique_ptr", r"(?<![\w.])(new\s+[A-Za-z_:]|delete\s+[a-z_(]|delete\[\])",
         "auto* p = new Thing();", suffixes=CPP),
    Rule("a mark nobody comes back to", r"\b(TODO|FIXME|XXX)\b", "// TODO later", code_only=False,
         outside=LOCK_FILES),
    Rule("a path of one machine", r"(^|[^A-Za-z0-9_.-])/(work|farm)/", "see /wor" + "k/main", code_only=False),
    Rule("a registry's address", r"registry\.npmjs|deb\.debian\.org|\"resolved\": *\"http", "deb.debian" + ".org",
         code_only=False),
    Rule("a test that cannot fail", r"GTEST_SKIP|DISABLED_|\b(it|test|describe)\.skip\(|\bxit\(|EXPECT_TRUE\(true\)",
         "GTEST_SKIP();", code_only=False, suffixes=(*CPP, *SCRIPT)),
]


def tracked_files(source):
    """What git tracks or would track; everything outside build and module folders when there is no git."""
    listing = subprocess.run(["git", "-C", source, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                             capture_output=True, check=False)
    if listing.returncode == 0:
        return [name for name in listing.stdout.decode().split("\0") if name]
    found = []
    for folder, folders, names in os.walk(source):
        folders[:] = [name for name in folders if name not in ("build", "node_modules", "dist", ".git")]
        found += [os.path.relpath(os.path.join(folder, name), source) for name in names]
    return found


def without_comments(line):
    """The code of a line: string literals emptied, a trailing // comment cut. Good enough for one-line rules."""
    if "NOLINT:" in line:
        return ""  # an exception with its reason beside it
    return re.sub(r"//.*", "", re.sub(r'"(?:[^"\\]|\\.)*"', '""', line))


def without_raw_strings(text):
    """C++ whose raw string literals hold nothing but their line ends: what is in them is another language."""
    return re.sub(r'R"(\w*)\((.*?)\)\1"', lambda raw: '""' + "\n" * raw.group(2).count("\n"), text, flags=re.S)


def check_file(source, name):
    try:
        with open(os.path.join(source, name), encoding="utf-8") as file:
            text = file.read()
    except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
        return  # binary, or deleted and not yet committed
    rules = [rule for rule in RULES if rule.covers(name)]
    lines = text.rstrip("\n").split("\n")
    codes = (without_raw_strings(text) if name.endswith(CPP) else text).rstrip("\n").split("\n")
    for number, (line, code) in enumerate(zip(lines, map(without_comments, codes), strict=True), 1):
        for rule in rules:
            if rule.pattern.search(code if rule.code_only else line):
                yield f"{name}:{number}: {line.strip()[:80]}   ({rule.why})"
    if name.endswith((*CPP, ".ts", ".tsx")) and len(lines) > LINES_MAX:
        yield f"{name}: {len(lines)} lines (split it: at most {LINES_MAX})"


def main(source):
    for rule in RULES:
        if not rule.pattern.search(rule.sample):
            print(f"error: the rule '{rule.why}' does not catch its own sample")
            return 1
    names = [name for name in tracked_files(source) if not name.startswith(EXEMPT)]
    errors = [error for name in names for error in check_file(source, name)]
    for error in errors:
        print("error:", error)
    print(f"{len(names)} files, {len(RULES)} rules, {len(errors)} findings")
    return 1 if errors or not names else 0


if __name__ == "__main__":
    sys.exit(main(os.path.realpath(sys.argv[1])))
