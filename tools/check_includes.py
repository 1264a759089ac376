#!/usr/bin/env python3
"""Holds what the compiler really opened against the layer table. Usage: check_includes.py BUILD_DIR SOURCE_DIR

The build writes layers.txt (rules and rooms, from cmake/Layers.cmake) and ninja keeps the compiler's own dependency log,
so an include by relative path, through another header or out of a generated file is seen as what it is. Run it after a
green build: a failed compile leaves the log of the one before.
"""
import os
import re
import subprocess
import sys

# Third-party headers that only some rooms may reach, also through another header: (what, pattern, who may).
# A "who" is a layer or one room's folder.
FENCED = [
    ("Boost.Asio and Boost.Beast", re.compile(r"/boost/(asio|beast)(/|\.hpp$)"), {"transport", "app", "src/platform/ws_client"}),
    ("SQLite", re.compile(r"/sqlite3(ext)?\.h$"), {"src/platform/sqlite"}),
    ("simdjson", re.compile(r"/simdjson(/|\.h$)"), {"core"}),
    ("spdlog", re.compile(r"/spdlog/"), {"core"}),
    ("prometheus-cpp", re.compile(r"/prometheus/"), {"core"}),
    ("libcurl", re.compile(r"/curl/[a-z]+\.h$"), {"platform"}),
    ("CLI11 and toml++", re.compile(r"/(CLI/CLI\.hpp|CLI11\.hpp|toml\+\+/)"), {"app"}),
]

UNITY = re.compile(r"/Unity/unity_\d+_cxx\.cxx$")


class Room:
    """A folder with a layer; what others may see of it is in include/."""

    def __init__(self, source, folder, layer, target, test_deps=""):
        self.folder, self.layer, self.target = folder, layer, target
        self.test_deps = set(test_deps.split(","))
        self.root = os.path.join(source, folder) + os.sep

    def includes(self, path):
        return path.startswith(os.path.join(self.root, "include") + os.sep)


def read_rules(build, source):
    """Returns ({layer: layers it may include}, [Room])."""
    allowed, rooms = {}, []
    with open(os.path.join(build, "layers.txt"), encoding="utf-8") as rules:
        for line in rules:
            kind, *rest = line.split()
            if kind == "rule":
                allowed[rest[0]] = set(rest[1].split(",")) if len(rest) > 1 else set()
            elif kind == "room":
                rooms.append(Room(source, *rest))
    return allowed, rooms


def translation_units(build):
    """Yields (source file, [headers it opened]) as real paths, for files that still exist."""
    log = subprocess.run(["ninja", "-C", build, "-t", "deps"], text=True, capture_output=True, check=True).stdout
    seen = {}  # the same few thousand system headers come back in every unit

    def real(path):
        if path not in seen:
            seen[path] = os.path.realpath(os.path.join(build, path))
        return seen[path]

    for block in log.split("\n\n"):
        files = [real(line.strip()) for line in block.splitlines()[1:]]
        if files and UNITY.search(files[0]):
            # It only includes tests of one room: the first of them speaks for all.
            files.sort(key=lambda file: not file.endswith(".cc"))
        if files and os.path.exists(files[0]):
            yield files[0], files[1:]


def violations(unit, headers, room, allowed, rooms, source):
    """Yields one sentence per broken rule of one translation unit."""
    name = os.path.relpath(unit, source)
    test_deps = room.test_deps if unit.startswith(os.path.join(room.root, "tests") + os.sep) else set()
    for header in headers:
        seen = next((other for other in rooms if header.startswith(other.root)), None)
        if seen is None:
            for what, pattern, who in FENCED:
                if pattern.search(header) and not who & {room.layer, room.folder}:
                    yield f"{name} ({room.layer}) reached {what}, which belongs to {', '.join(sorted(who))}"
            continue
        if seen.target == room.target:
            continue
        shown = os.path.relpath(header, source)
        if seen.layer not in allowed[room.layer] and seen.target not in test_deps:
            yield f"{name} ({room.layer}) opened {shown} ({seen.layer})"
        elif not seen.includes(header):
            yield f"{name} opened a private header: {shown}"


def main(build, source):
    allowed, rooms = read_rules(build, source)
    errors, checked = set(), {room.target: 0 for room in rooms}
    for unit, headers in translation_units(build):
        room = next((room for room in rooms if unit.startswith(room.root)), None)
        if room is None:
            continue  # the suites below tests/ and fuzz/ may see every room
        checked[room.target] += 1
        errors.update(violations(unit, headers, room, allowed, rooms, source))
    for target, units in checked.items():
        if units == 0:
            errors.add(f"{target}: not one translation unit in the log; build first")
    for error in sorted(errors):
        print("error:", error)
    print(f"{sum(checked.values())} translation units of {len(rooms)} rooms checked, {len(errors)} violations")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(*(os.path.realpath(argument) for argument in sys.argv[1:3])))
