"""Runs in a child between fork and exec: gives up root, ties its life to the parent's, becomes the program.

A script for `python -I -S` with nothing but the standard library, so that no code runs between fork and
exec in a parent that has threads. Arguments: PARENT_PID SIGNAL RUN_AS PROGRAM [ARGUMENT…], where RUN_AS is
`direct`, `namespace:UID:GID` or `drop:UID:GID`.
"""

import ctypes
import errno
import os
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000

_libc = ctypes.CDLL(None, use_errno=True)


def enter_namespace(uid: int, gid: int) -> None:
    """Show ourselves as `uid:gid` in a new user namespace; outside nothing about us changes.

    Raises OSError where the kernel, a seccomp filter or a security module forbids it.
    """
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    if _libc.unshare(CLONE_NEWUSER) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"unshare(CLONE_NEWUSER): {os.strerror(number)}")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/gid_map").write_text(f"{gid} {outer_gid} 1")
    Path("/proc/self/uid_map").write_text(f"{uid} {outer_uid} 1")


def drop_to(uid: int, gid: int) -> None:
    """Become `uid:gid` for good, without supplementary groups. Raises PermissionError unless root."""
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    # The calls take -1 as "leave it": without this look a missing id would stay root unnoticed.
    if os.getresuid() != (uid, uid, uid) or os.getresgid() != (gid, gid, gid) or uid == 0:
        raise PermissionError(errno.EPERM, f"still uid {os.geteuid()}, not {uid}:{gid}")


def die_with(parent: int, death_signal: int) -> None:
    """Ask the kernel for `death_signal` when the parent is gone, and end at once if it already is."""
    if _libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl(PR_SET_PDEATHSIG): {os.strerror(number)}")
    if os.getppid() != parent:
        sys.exit("the parent ended before the child began")


def main(arguments: list[str]) -> None:
    """Never returns: ends as the program, or with 126 and the reason on stderr."""
    parent, death_signal, run_as, *command = arguments
    kind, *ids = run_as.split(":")
    try:
        if kind == "namespace":
            enter_namespace(int(ids[0]), int(ids[1]))
        elif kind == "drop":
            drop_to(int(ids[0]), int(ids[1]))
        # Last, because a change of user clears the death signal.
        die_with(int(parent), int(death_signal))
        os.execv(command[0], command)  # noqa: S606 - becoming the program is the purpose
    except OSError as error:
        print(f"cannot start {command[0]} ({run_as}): {error}", file=sys.stderr)
        sys.exit(126)


if __name__ == "__main__":
    main(sys.argv[1:])
