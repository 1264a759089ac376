#!/usr/bin/env python3
"""Tries every forbidden include between the real rooms with the compiler flags the build really uses.

Usage: room_matrix.py BUILD_DIR SOURCE_DIR

For each pair (room, other room its layer may not include) a one-line program that includes a public header of the other
must fail with "No such file". As a control, every room must find a header of its own.
"""
import json
import os
import shlex
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../tools"))
from check_includes import read_rules  # noqa: E402


def flags_of(build, room):
    """The include and language flags of one of the room's own sources."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        for entry in json.load(file):
            if entry["file"].startswith(os.path.join(room.root, "src") + os.sep) or (
                    room.layer == "app" and entry["file"].startswith(room.root)):
                words = shlex.split(entry["command"])
                start = next(i for i, word in enumerate(words) if os.path.basename(word).startswith(("g++", "c++", "clang++")))
                flags, rest = [words[start]], iter(words[start + 1:])
                for word in rest:
                    if word in ("-isystem", "-I"):
                        flags += [word, next(rest)]
                    elif word.startswith(("-I", "-std=")):
                        flags.append(word)
                return flags
    raise SystemExit(f"error: {room.target} has no source in compile_commands.json")


def first_header(room):
    """The include path of one public header, or None when the room promises nothing."""
    root = os.path.join(room.root, "include")
    found = sorted(os.path.relpath(os.path.join(folder, name), root)
                   for folder, _, names in os.walk(root) for name in names if name.endswith(".h"))
    return found[0] if found else None


def compiles(flags, header):
    """True when the header is found; only a missing file counts as not found."""
    with tempfile.NamedTemporaryFile("w", suffix=".cc") as program:
        program.write(f'#if !__has_include("{header}")\n#error no such room\n#endif\n')
        program.flush()
        done = subprocess.run([*flags, "-E", "-o", os.devnull, program.name], text=True, capture_output=True, check=False)
    if done.returncode != 0 and "no such room" not in done.stderr:
        raise SystemExit(f"error: unexpected compiler answer: {done.stderr}")
    return done.returncode == 0


def main(build, source):
    allowed, rooms = read_rules(build, source)
    errors, tried = [], 0
    for room in rooms:
        flags = flags_of(build, room)
        own = first_header(room)
        if own and not compiles(flags, own):
            errors.append(f"{room.target} does not find its own {own}: the test proves nothing")
        for other in rooms:
            header = first_header(other)
            if other is room or other.layer in allowed[room.layer] or header is None:
                continue
            tried += 1
            if compiles(flags, header):
                errors.append(f"{room.target} ({room.layer}) can include {header} of {other.target} ({other.layer})")
    for error in errors:
        print("error:", error)
    print(f"{tried} forbidden includes tried, {len(errors)} got through")
    return 1 if errors or tried == 0 else 0


if __name__ == "__main__":
    sys.exit(main(*(os.path.realpath(argument) for argument in sys.argv[1:3])))
