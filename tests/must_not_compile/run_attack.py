#!/usr/bin/env python3
"""Drops one attack into a copy of the stub house and checks that the right wall stops it, for the right reason.

Usage: run_attack.py SOURCE_DIR ATTACK

An attack says in its first lines where it is placed, at which wall it falls (configure, compile, headers, layers, or
nothing for the control) and a text that the wall's message must hold. Every wall before that one must let it through.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

CONFIGURE = ["cmake", "-G", "Ninja", "-DCMAKE_CXX_COMPILER=g++", "-DCMAKE_CXX_COMPILER_WORKS=1", "-DCMAKE_BUILD_TYPE=Debug",
             "-DCMAKE_CXX_FLAGS_DEBUG=-O0"]


def read_attack(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return dict(re.findall(r"^(?://|#) (place|falls at|because): (.*)$", text, re.MULTILINE))


def walls(source, house, build):
    """The walls in the order in which a change meets them: (name, command)."""
    yield "configure", [*CONFIGURE, f"-DSB_CMAKE_DIR={source}/cmake", "-S", house, "-B", build]
    yield "compile", ["ninja", "-C", build]
    yield "headers", ["ninja", "-C", build, "all_verify_interface_header_sets"]
    yield "layers", [sys.executable, f"{source}/tools/check_includes.py", build, house]


def main(source, attack):
    plan = read_attack(attack)
    expected = plan["falls at"]
    with tempfile.TemporaryDirectory(prefix="sb-fence-") as work:
        house, build = os.path.join(work, "house"), os.path.join(work, "build")
        shutil.copytree(os.path.join(source, "tests/must_not_compile/house"), house)
        target = os.path.join(house, plan["place"])
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy(attack, target)
        for wall, command in walls(source, house, build):
            done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                                  env={**os.environ, "LC_ALL": "C", "CCACHE_DISABLE": "1"})
            if done.returncode == 0:
                continue
            if wall == expected and plan["because"] in re.sub(r"\s+", " ", done.stdout):
                print(f"stopped at '{wall}' as it should be")
                return 0
            print(f"stopped at '{wall}', expected '{expected}' because '{plan.get('because')}':\n{done.stdout}")
            return 1
    print("passed every wall" + (" as it should" if expected == "nothing" else f", expected to fall at '{expected}'"))
    return 0 if expected == "nothing" else 1


if __name__ == "__main__":
    sys.exit(main(os.path.realpath(sys.argv[1]), os.path.realpath(sys.argv[2])))
