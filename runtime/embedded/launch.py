"""Runs a command that cannot outlive us: `launch.py SIGNAL PARENT UID GID /full/path …`.

A file of its own, standard library only, run by path: the wish to die with the parent has to be
made after the fork and after giving up root, and Python code between fork and exec of a threaded
program can deadlock. UID -1 stays who we are. Nothing is imported after giving up root: our
Python may live where the other account cannot read, which is also why the path must be full.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def become(uid: int, gid: int) -> None:
    os.setgroups([gid])
    os.setgid(gid)
    os.setuid(uid)


def die_with(parent: int, signal_number: int) -> None:
    """Linux only; elsewhere the supervisor's own shutdown is all there is."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal_number)
        if os.getppid() != parent:
            sys.exit("the supervisor was gone before we started")


def main(arguments: list[str]) -> None:
    signal_number, parent, uid, gid = map(int, arguments[:4])
    command = arguments[4:]
    if uid >= 0:
        become(uid, gid)
    die_with(parent, signal_number)
    os.execv(command[0], command)  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    main(sys.argv[1:])
