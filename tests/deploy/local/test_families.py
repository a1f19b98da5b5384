"""A process and what it has started."""

import subprocess
import sys

import psutil

from deploy.local.families import family
from tests.deploy.local.deadlines import wait_until

NESTED = """
import subprocess, sys
depth = int(sys.argv[1])
if depth:
    subprocess.Popen([sys.executable, "-c", sys.argv[2], str(depth - 1), sys.argv[2]])
sys.stdin.read()
"""


def test_children_of_children_belong_to_it() -> None:
    process = subprocess.Popen([sys.executable, "-c", NESTED, "2", NESTED], stdin=subprocess.PIPE)
    try:
        wait_until(lambda: len(family(process.pid)) == 3)
        found = family(process.pid)
        assert found[0] == process.pid
        assert set(found[1:]) == {one.pid for one in psutil.Process(process.pid).children(recursive=True)}
        process.kill()
        wait_until(lambda: family(process.pid) == [])
        assert family(found[1])[0] == found[1], "what lost its parent runs on"
    finally:
        for pid in reversed(found):
            if psutil.pid_exists(pid):
                psutil.Process(pid).kill()
        process.communicate()


def test_a_zombie_is_none() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    wait_until(lambda: family(process.pid) == [])
    assert process.wait() == 0
    assert family(process.pid) == []
