#!/usr/bin/env python3
"""Every C++ file is formatted as .clang-format says. Usage: format.py SOURCE_DIR [--fix]"""
import shutil
import subprocess
import sys

from banned import CPP, tracked_files

FORMATTER = "clang-format-19"  # pinned: another version formats differently
OUTSIDE = ("tests/must_not_compile/",)


def main(source, fix):
    if shutil.which(FORMATTER) is None:
        print(f"error: {FORMATTER} is not installed")
        return 1
    names = [name for name in tracked_files(source) if name.endswith(CPP) and not name.startswith(OUTSIDE)]
    mode = ["-i"] if fix else ["--dry-run", "--Werror", "--ferror-limit=1"]
    done = subprocess.run([FORMATTER, "--style=file", *mode, *names], cwd=source, text=True, capture_output=True, check=False)
    bad = sorted({line.split(":")[0] for line in done.stderr.splitlines() if "error:" in line})
    for name in bad:
        print(f"error: {name} is not formatted (./dev lint --fix)")
    print(f"{len(names)} files, {len(bad)} to format")
    return 1 if done.returncode != 0 or not names else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], "--fix" in sys.argv[2:]))
