"""Which tests run in one process, because they share a platform that takes half a minute to start.

By path: pytest-xdist 3.8 writes the name of its own mark's group where pytest 9.2 no longer reads it, so that its
`--dist=loadgroup` groups nothing."""

from xdist.scheduler import LoadScopeScheduling

_FOLDER = "tests/end_to_end"
"""Its tests share the stage of its conftest, but for these:"""
OWN_STAGE = frozenset({"test_erasure.py", "test_fleet.py", "test_up.py"})
"""Files with a platform of their own."""
ALONE = frozenset({"test_crash.py", "test_demo.py", "test_supervisor.py"})
"""Files whose tests start what they need themselves."""


def group_of(nodeid: str) -> str:
    """Tests of one group run in one process, one after another; a test of no group is its own."""
    path = nodeid.partition("::")[0]
    folder, _, name = path.rpartition("/")
    if folder != _FOLDER or name in ALONE:
        return nodeid
    return path if name in OWN_STAGE else folder


class GroupScheduling(LoadScopeScheduling):
    """Large groups are given out first, then single tests in their order."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
