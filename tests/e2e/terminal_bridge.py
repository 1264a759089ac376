#!/usr/bin/env python3
"""A terminal for a test that has none: runs a program on a pseudo-terminal and connects it to pipes.

Usage: terminal_bridge.py ROWS COLUMNS PROGRAM [ARGUMENT…]
Standard input takes one JSON object a line: {"type": TEXT}, {"resize": [ROWS, COLUMNS]} or {"hangup": true}.
Standard output is what the terminal shows; standard error tells {"pid": N} first and {"exit": CODE, "modes_restored": BOOL} last.
"""
import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios


def tell(**members):
    print(json.dumps(members), file=sys.stderr, flush=True)


def resize(master, rows, columns):
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def main():
    rows, columns, argv = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    master, slave = pty.openpty()
    resize(master, rows, columns)
    before = termios.tcgetattr(slave)
    pid = os.fork()
    if pid == 0:
        login_tty(slave)
        os.close(master)
        os.execvp(argv[0], argv)
    tell(pid=pid)
    pending = b""
    watched = [master, sys.stdin.fileno()]
    ended = None
    while ended is None:
        ready, _, _ = select.select(watched, [], [], 0.05)
        if master in ready:
            show(master)
        if sys.stdin.fileno() in ready:
            chunk = os.read(sys.stdin.fileno(), 65536)
            if not chunk:
                watched.remove(sys.stdin.fileno())
            pending += chunk
            while b"\n" in pending:
                line, pending = pending.split(b"\n", 1)
                order = json.loads(line)
                if "type" in order:
                    os.write(master, order["type"].encode("utf-8", "surrogateescape"))
                if "resize" in order:
                    resize(master, *order["resize"])
                if "hangup" in order:
                    watched.remove(master)
                    os.close(slave)
                    os.close(master)
                    slave = -1
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            ended = os.waitstatus_to_exitcode(status)
    if slave >= 0:
        while select.select([master], [], [], 0)[0]:
            show(master)
        tell(exit=ended, modes_restored=termios.tcgetattr(slave) == before)
    else:
        tell(exit=ended)


def show(master):
    os.write(sys.stdout.fileno(), os.read(master, 65536))


def login_tty(slave):
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for standard in range(3):
        os.dup2(slave, standard)


main()
