"""The embedded server: data survive a restart, databases are closed to each other, only this machine is served."""

import os
import subprocess
from pathlib import Path

import asyncpg
import psutil
import pytest

from deploy.local import postgres_cluster
from deploy.local.pidfiles import FolderInUse, processes_in
from deploy.local.postgres import PostgresServer, PostgresStartError, start_postgres
from deploy.local.postgres_cluster import ClusterError
from deploy.local.postgres_roles import CyrillicBroken, connected
from deploy.local.processes import free_port
from tests.deploy.local.deadlines import wait_until


async def value(url: str, sql: str) -> object:
    async with connected(url) as connection:
        return await connection.fetchval(sql)


class TestStartAndStop:
    async def test_a_restart_keeps_the_data(self, tmp_path: Path) -> None:
        with start_postgres(tmp_path / "data") as server:
            url = server.ensure_database("registry", "registry", "secret")
            async with connected(url) as connection:
                await connection.execute("CREATE TABLE place (name text); INSERT INTO place VALUES ('Өзгөн')")
            server.stop()
            assert processes_in(tmp_path / "data" / "cluster", "postgres") == []
        with start_postgres(tmp_path / "data") as server:
            url = server.ensure_database("registry", "registry", "secret")
            assert await value(url, "SELECT name FROM place") == "Өзгөн"

    def test_a_folder_in_use_is_refused(self, postgres_server: PostgresServer) -> None:
        with pytest.raises(FolderInUse, match=str(os.getpid())):
            start_postgres(postgres_server.folder)

    async def test_a_failed_start_frees_the_folder(self, tmp_path: Path) -> None:
        with pytest.raises(PostgresStartError, match="invalid value"):
            start_postgres(tmp_path, durable=False, settings={"shared_buffers": "nothing"})
        with start_postgres(tmp_path, durable=False) as server:
            assert await value(server.url("postgres"), "SELECT 1") == 1

    def test_a_wanted_port_that_is_taken_is_an_error(
        self, tmp_path: Path, postgres_server: PostgresServer
    ) -> None:
        with pytest.raises(PostgresStartError, match="Address already in use"):
            start_postgres(tmp_path, durable=False, port=postgres_server.port)

    def test_a_wanted_port_is_used(self, tmp_path: Path) -> None:
        port = free_port()
        with start_postgres(tmp_path, durable=False, port=port) as server:
            assert server.port == port

    def test_a_free_port_taken_in_between_is_replaced(
        self, tmp_path: Path, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ports = iter([postgres_server.port, free_port()])
        monkeypatch.setattr("deploy.local.postgres.free_port", lambda _: next(ports))
        with start_postgres(tmp_path, durable=False) as server:
            assert server.port != postgres_server.port

    async def test_the_end_of_the_server_can_be_awaited(self, tmp_path: Path) -> None:
        with start_postgres(tmp_path, durable=False) as server:
            os.kill(server.pid, 15)
            assert await server.exited() == 0

    def test_a_developers_own_variables_change_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PGDATA", "/nowhere")
        monkeypatch.setenv("PGDATESTYLE", "nonsense")
        monkeypatch.setenv("PGSSLMODE", "require")
        monkeypatch.setenv("PGTARGETSESSIONATTRS", "standby")
        start_postgres(tmp_path, durable=False).stop()

    def test_a_pid_that_was_given_to_a_stranger_does_not_block_the_start(self, tmp_path: Path) -> None:
        start_postgres(tmp_path, durable=False).stop()
        left = tmp_path / "cluster" / "postmaster.pid"
        owner = (tmp_path / "cluster").stat()
        # Not our own pid: Postgres knows that a parent's is no other server's.
        with subprocess.Popen(["/bin/sleep", "600"]) as stranger:
            try:
                left.write_text(f"{stranger.pid}\n/proc/self/cwd\n0\n5432\n\n127.0.0.1\n")
                os.chown(left, owner.st_uid, owner.st_gid)
                start_postgres(tmp_path, durable=False).stop()
                assert stranger.poll() is None, "strangers are left alone"
            finally:
                stranger.kill()

    def test_a_cluster_without_its_password_is_refused(self, tmp_path: Path) -> None:
        start_postgres(tmp_path, durable=False).stop()
        (tmp_path / "superuser-password").unlink()
        with pytest.raises(ClusterError, match="superuser-password"):
            start_postgres(tmp_path, durable=False)


class TestCyrillic:
    async def test_trigrams_and_case_work(self, postgres_server: PostgresServer) -> None:
        url = postgres_server.url("postgres")
        assert await value(url, "SELECT show_trgm('өмүр') <> '{}'")
        assert await value(url, "SELECT lower('ҢҮӨ')") == "ңүө"
        assert (
            await value(url, "SELECT to_tsvector('pg_catalog.simple', 'Жашыл Ош')::text")
            == "'жашыл':1 'ош':2"
        )

    def test_a_cluster_that_breaks_it_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(postgres_cluster, "LOCALE_FLAGS", ("-E", "UTF8", "--locale=C"))
        with pytest.raises(CyrillicBroken, match="lc-ctype"):
            start_postgres(tmp_path, durable=False)
        assert processes_in(tmp_path / "cluster", "postgres") == []


class TestAccess:
    async def test_a_role_cannot_connect_to_another_database(self, postgres_server: PostgresServer) -> None:
        postgres_server.ensure_database("first", "first", "secret")
        postgres_server.ensure_database("second", "second", "secret")
        assert await value(postgres_server.url("first", "first", "secret"), "SELECT current_user") == "first"
        for closed in ("second", "postgres", "template1"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="CONNECT"):
                await asyncpg.connect(postgres_server.url(closed, "first", "secret"))

    async def test_the_owner_can_create_but_is_no_superuser(self, postgres_server: PostgresServer) -> None:
        url = postgres_server.ensure_database("owned", "owned", "secret")
        async with connected(url) as connection:
            await connection.execute(
                "CREATE SCHEMA work; CREATE TABLE work.t (x text); DROP SCHEMA work CASCADE"
            )
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute("CREATE ROLE friend")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute("CREATE DATABASE other")
            extensions = await connection.fetch("SELECT extname FROM pg_extension")
        assert {"pg_trgm", "btree_gist"} <= {row["extname"] for row in extensions}

    async def test_ensuring_twice_keeps_the_data_and_takes_the_new_password(
        self, postgres_server: PostgresServer
    ) -> None:
        old = postgres_server.ensure_database("again", "again", "old")
        async with connected(old) as connection:
            await connection.execute("CREATE TABLE kept (x int); INSERT INTO kept VALUES (1)")
        new = postgres_server.ensure_database("again", "again", "n'e\\w/@ü")
        assert await value(new, "SELECT x FROM kept") == 1
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(old)

    @pytest.mark.parametrize("name", ["", "Upper", "two words", "a;b", 'q"', "x" * 64, "ош", "1st", "a\n"])
    def test_a_name_that_would_need_quoting_is_refused(
        self, postgres_server: PostgresServer, name: str
    ) -> None:
        with pytest.raises(ValueError, match="identifier"):
            postgres_server.ensure_database(name, "role", "secret")
        with pytest.raises(ValueError, match="identifier"):
            postgres_server.ensure_database("name", name, "secret")

    async def test_nobody_enters_without_a_password(self, postgres_server: PostgresServer) -> None:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(postgres_server.url("postgres", "postgres", "wrong"))
        rules = await value(
            postgres_server.url("postgres"), "SELECT array_agg(DISTINCT auth_method) FROM pg_hba_file_rules"
        )
        assert rules == ["scram-sha-256"]

    async def test_a_session_that_never_closes_does_not_hold_up_the_stop(self, tmp_path: Path) -> None:
        server = start_postgres(tmp_path, durable=False)
        connection = await asyncpg.connect(server.url("postgres"))
        server.stop(timeout=10)
        await expect_closed(connection)
        assert not (tmp_path / "cluster" / "postmaster.pid").exists()


async def expect_closed(connection: asyncpg.Connection) -> None:
    """The server's end of the session is gone."""
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await connection.fetchval("SELECT 1")
    connection.terminate()


class TestOutside:
    def test_it_listens_on_this_machine_only(self, postgres_server: PostgresServer) -> None:
        family = [psutil.Process(postgres_server.pid), *psutil.Process(postgres_server.pid).children()]
        sockets = [
            connection.laddr
            for process in family
            for connection in process.net_connections("all")
            if connection.status == psutil.CONN_LISTEN
        ]
        assert {tuple(address) for address in sockets} == {("127.0.0.1", postgres_server.port)}

    def test_folder_password_and_log_are_closed_to_others(
        self, postgres_server: PostgresServer, tmp_path: Path
    ) -> None:
        with start_postgres(tmp_path / "new" / "data", durable=False) as server:
            assert server.folder.stat().st_mode & 0o777 == 0o700
            for name in ("superuser-password", "postgres.log", "lock"):
                assert (server.folder / name).stat().st_mode & 0o077 == 0, name
            assert (server.folder / "superuser-password").read_text() in server.url("postgres")
            assert server.url("postgres").split("@")[0] != postgres_server.url("postgres").split("@")[0]

    async def test_what_people_enter_does_not_reach_the_log(self, postgres_server: PostgresServer) -> None:
        url = postgres_server.ensure_database("logged", "logged", "secret-of-the-role")
        async with connected(url) as connection:
            await connection.execute(
                "CREATE TABLE person (name text PRIMARY KEY); INSERT INTO person VALUES ('Айгүл')"
            )
            with pytest.raises(asyncpg.UniqueViolationError):
                await connection.execute("INSERT INTO person VALUES ('Айгүл')")
        wait_until(lambda: "person_pkey" in postgres_server.log.read_text())
        assert "Айгүл" not in postgres_server.log.read_text()
        assert "secret-of-the-role" not in postgres_server.log.read_text()

    async def test_only_a_durable_server_waits_for_the_disk(
        self, tmp_path: Path, postgres_server: PostgresServer
    ) -> None:
        sql = "SELECT current_setting('fsync') || current_setting('synchronous_commit') || current_setting('full_page_writes')"
        assert await value(postgres_server.url("postgres"), sql) == "offoffoff"
        with start_postgres(tmp_path, max_connections=33, settings={"work_mem": "7MB"}) as server:
            assert await value(server.url("postgres"), sql) == "ononon"
            assert await value(server.url("postgres"), "SHOW max_connections") == "33"
            assert await value(server.url("postgres"), "SHOW work_mem") == "7MB"
