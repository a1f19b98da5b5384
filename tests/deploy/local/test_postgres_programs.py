"""Started as root, Postgres runs as somebody else, and no folder is opened for that."""

import os
import pwd
import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local import postgres_programs
from deploy.local.postgres import start_postgres
from deploy.local.postgres_programs import NoWayToRun, Strategy, find_programs
from deploy.local.postgres_roles import connected

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to give root up")


def modes(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mode for path in (folder, *folder.parents)}


def server_uids(pid: int) -> set[int]:
    return set(psutil.Process(pid).uids()) | set(psutil.Process(pid).gids())


@pytest.mark.parametrize("strategy", ["namespace", "drop"])
async def test_data_below_a_closed_folder_work_and_nothing_is_opened(
    tmp_path: Path, open_folder: Path, strategy: Strategy
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    before = modes(closed)
    for _ in range(2):
        with start_postgres(
            closed / "data", durable=False, strategy=strategy, copy_base=open_folder
        ) as server:
            server.ensure_database("place", "place", "secret")
            async with connected(server.url("place", "place", "secret")) as connection:
                await connection.execute("CREATE TABLE IF NOT EXISTS town AS SELECT 'Ош' AS name")
                assert await connection.fetchval("SELECT name FROM town") == "Ош"
            owner = (server.folder / "cluster" / "base").stat().st_uid
            if strategy == "namespace":
                assert owner == 0, "files stay root's"
            else:
                assert owner != 0
                assert 0 not in server_uids(server.pid)
    assert modes(closed) == before


def test_in_a_namespace_the_server_has_no_capabilities(tmp_path: Path) -> None:
    with start_postgres(tmp_path, durable=False, strategy="namespace") as server:
        status = Path(f"/proc/{server.pid}/status").read_text()
        assert "CapEff:\t0000000000000000" in status
        assert Path(f"/proc/{server.pid}/ns/user").readlink() != Path("/proc/self/ns/user").readlink()


def test_a_dropped_server_keeps_no_group_of_root(tmp_path: Path, open_folder: Path) -> None:
    with start_postgres(tmp_path, durable=False, strategy="drop", copy_base=open_folder) as server:
        status = Path(f"/proc/{server.pid}/status").read_text()
        assert [line.split()[1:] for line in status.splitlines() if line.startswith("Groups:")] == [[]]
        assert "CapEff:\t0000000000000000" in status


async def test_a_cluster_keeps_its_owner(tmp_path: Path, open_folder: Path) -> None:
    """Made by `drop`, it is run by its owner later too, where namespaces work."""
    start_postgres(tmp_path, durable=False, strategy="drop", copy_base=open_folder).stop()
    owner = (tmp_path / "cluster").stat().st_uid
    with start_postgres(tmp_path, durable=False, copy_base=open_folder) as server:
        assert server_uids(server.pid) >= {owner}
        assert (tmp_path / "cluster").stat().st_uid == owner != 0


async def test_a_cluster_of_root_is_handed_over_where_namespaces_are_gone(
    tmp_path: Path, open_folder: Path
) -> None:
    with start_postgres(tmp_path, durable=False, strategy="namespace") as server:
        server.ensure_database("kept", "kept", "secret")
    with start_postgres(tmp_path, durable=False, strategy="drop", copy_base=open_folder) as server:
        async with connected(server.url("kept")) as connection:
            assert await connection.fetchval("SELECT current_database()") == "kept"


@pytest.fixture
def programs_of_another(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The package in the closed folder of an ordinary user, as in a checkout that root runs."""
    wheel = postgres_programs._wheel_programs()
    home = open_folder / "home"
    home.mkdir(mode=0o700)
    package = wheel.parents[1]
    shutil.copytree(package, home / package.name, ignore=shutil.ignore_patterns("include"))
    shutil.copytree(package.with_name(package.name + ".libs"), home / (package.name + ".libs"))
    os.chown(home, pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("nobody").pw_gid)
    monkeypatch.setattr(
        postgres_programs, "_wheel_programs", lambda: home / package.name / "pginstall" / "bin"
    )
    yield home
    shutil.rmtree(home)


def test_where_the_namespace_fails_a_copy_is_run_as_another_user(
    tmp_path: Path, open_folder: Path, programs_of_another: Path
) -> None:
    with pytest.raises(NoWayToRun, match="Permission denied"):
        find_programs("namespace")
    assert find_programs(copy_base=open_folder).run_as.kind == "drop"
    with start_postgres(tmp_path, durable=False, copy_base=open_folder) as server:
        assert 0 not in server_uids(server.pid)


def test_a_copy_in_a_folder_that_is_closed_too_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(NoWayToRun, match="Permission denied"):
        find_programs("drop", copy_base=tmp_path)


@pytest.mark.parametrize("flaw", ["another owner", "writable"])
def test_a_copy_that_others_could_have_changed_is_refused(open_folder: Path, flaw: str) -> None:
    base = open_folder / "public"
    base.mkdir()
    base.chmod(0o1777)
    programs = find_programs("drop", copy_base=base)
    copy = programs.folder.parents[2]
    if flaw == "writable":
        copy.chmod(0o777)
    else:
        os.chown(copy, pwd.getpwnam("nobody").pw_uid, -1)
    try:
        with pytest.raises(NoWayToRun, match="another user"):
            find_programs("drop", copy_base=base)
    finally:
        shutil.rmtree(base)


def test_a_copy_is_readable_even_where_the_package_is_not(
    open_folder: Path, programs_of_another: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in programs_of_another.rglob("*"):
        path.chmod(path.stat().st_mode & 0o700)
    base = open_folder / "strict"
    base.mkdir()
    old = os.umask(0o077)
    try:
        assert find_programs("drop", copy_base=base).run_as.kind == "drop"
    finally:
        os.umask(old)
        shutil.rmtree(base)


def test_a_cluster_of_an_unknown_user_is_refused() -> None:
    with pytest.raises(NoWayToRun, match="54321"):
        find_programs(owner=54321)
