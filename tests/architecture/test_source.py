"""House rules the linters do not know: who commits, where SQL and the clock are, what happens at import."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, Module, called, modules, tracked

SOURCE = ("services", "shared", "deploy")
LONGEST = 400
GENERATED = ("migrations/versions/",)


def found_in(folders: tuple[str, ...], wanted: type[ast.AST]) -> Iterator[tuple[Module, ast.AST]]:
    for module in modules(*folders):
        for node in module.nodes:
            if isinstance(node, wanted):
                yield module, node


def calls(*folders: str) -> Iterator[tuple[Module, ast.Call]]:
    for module, node in found_in(folders, ast.Call):
        assert isinstance(node, ast.Call)
        yield module, node


COMMITS = {
    "shared/db/unit_of_work.py": "the unit of work itself",
    "shared/db/migrations.py": "a migration run, no use case",
}


def test_only_the_unit_of_work_commits() -> None:
    """Atomicity of effect, events, audit and idempotency needs one place that commits."""
    places = {str(module.path) for module, call in calls(*SOURCE) if called(call).endswith(".commit")}
    brokers = {path for path in places if path.startswith("shared/messaging/")}
    assert places - brokers == COMMITS.keys()


TRANSACTIONS = {
    "services/ideas_market/search/repository.py": "reads only: SET LOCAL lasts as long as a transaction",
    "services/notifications/webhooks/jobs.py": "what came of an attempt is the job's own record, no use case's",
}
"""Services beside their unit of work; workers of the kit open plain transactions."""


def test_services_open_no_transactions() -> None:
    ways = (".transaction", ".begin", ".rollback", ".begin_nested")
    places = {str(module.path) for module, call in calls("services") if called(call).endswith(ways)}
    assert places <= TRANSACTIONS.keys()
    statements = re.compile(r"\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT)\b")
    for module, node in found_in(("services",), ast.Constant):
        assert isinstance(node, ast.Constant)
        if isinstance(node.value, str):
            assert not statements.match(node.value), module.at(node)


NAIVE = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "datetime.utcfromtimestamp"}
CLOCKS = {
    "shared/clock.py": "the clock",
    "shared/auth/keys.py": "the name of a new key file",
    "shared/people/key_file.py": "the name of a new key",
    "shared/observability/logs.py": "the time of a log line",
    "services/notifications/webhooks/jobs.py": "a signature is held against the receiver's clock",
}
"""Where the machine's time is read. All else is given a clock."""


def test_no_naive_times() -> None:
    for module, call in calls(*SOURCE, "tests"):
        name = ".".join(called(call).split(".")[-2:])
        if name in NAIVE:
            assert name == "datetime.now", module.at(call)
            assert call.args or call.keywords, module.at(call)


def test_services_and_kit_are_given_their_clock() -> None:
    """So that tests, seeds and replays say what "now" is. Durations (`time.monotonic`) are no times."""
    for module, call in calls("services", "shared"):
        name = ".".join(called(call).split(".")[-2:])
        if name in {"datetime.now", "time.time", "date.today"}:
            assert str(module.path) in CLOCKS, module.at(call)


SQL = re.compile(
    r"\s*(?:--[^\n]*\n\s*)*(?:SELECT\b.|WITH\s+\w+\s+AS|INSERT\s+INTO\b|UPDATE\s+\w+\s+SET\b|DELETE\s+FROM\b)",
    re.DOTALL,
)
SQL_FILES = re.compile(r"(?:[a-z]+_)?repository\.py")
SQL_ELSEWHERE = {
    "services/ideas_market/search/conditions.py": "the WHERE of the search, built from the query; its repository joins it",
}


def has_sql(module: Module) -> Iterator[ast.AST]:
    for node in module.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.match(node.value):
            yield node
        elif isinstance(node, ast.JoinedStr) and node.values:
            first = node.values[0]
            if isinstance(first, ast.Constant) and SQL.match(str(first.value)):
                yield node


def test_sql_is_in_repositories() -> None:
    """One place a feature to look for what it asks of the database, and to scope rows to the caller."""
    places = {str(module.path) for module in modules("services") if any(True for _ in has_sql(module))}
    outside = {path for path in places if not SQL_FILES.fullmatch(Path(path).name)}
    assert outside <= SQL_ELSEWHERE.keys()
    assert len(places) > 15, "the pattern sees the repositories"


def test_deployment_has_no_sql_of_services() -> None:
    places = {str(module.path) for module in modules("deploy") if any(True for _ in has_sql(module))}
    assert places <= {"deploy/local/postgres_roles.py"}


LAYERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("domain.py", ("fastapi", "starlette", "asyncpg", "sqlalchemy", "sqlmodel", "httpx")),
    ("service.py", ("fastapi", "starlette", "sqlalchemy", "sqlmodel", "httpx")),
    ("repository.py", ("fastapi", "starlette", "sqlmodel", "httpx")),
    ("schemas.py", ("sqlalchemy", "sqlmodel", "asyncpg", "httpx")),
    ("routes.py", ("sqlalchemy", "sqlmodel", "httpx")),
)


@pytest.mark.parametrize(("role", "foreign"), LAYERS)
def test_a_role_file_keeps_to_its_role(role: str, foreign: tuple[str, ...]) -> None:
    looked = 0
    for module in modules("services"):
        if module.path.name != role:
            continue
        looked += 1
        assert not set(imported(module)) & set(foreign), module.path
    assert looked > 5


def imported(module: Module) -> Iterator[str]:
    """Top-level names of what a module imports, annotations under TYPE_CHECKING included."""
    for node in module.nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def test_nothing_prints_but_deployment() -> None:
    for module, call in calls("services", "shared"):
        assert called(call) not in {"print", "pprint", "pprint.pprint"}, module.at(call)


@pytest.mark.parametrize("folder", [*SOURCE, "tests"])
def test_files_are_short(folder: str) -> None:
    for path in tracked():
        if path.suffix != ".py" or path.parts[0] != folder or any(part in str(path) for part in GENERATED):
            continue
        lines = len((ROOT / path).read_text(encoding="utf-8").splitlines())
        assert lines <= LONGEST, f"{path} has {lines} lines"


def test_most_files_are_shorter_still() -> None:
    lengths = sorted(len(module.text.splitlines()) for module in modules(*SOURCE) if module.text.strip())
    assert lengths[len(lengths) // 2] <= 120, "median"
    assert lengths[len(lengths) * 9 // 10] <= 300, "nine of ten"


EMPTY_NAMES = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "misc",
    "base_service",
    "stuff",
    "tools",
    "lib",
    "core",
}


def test_files_are_named_for_what_they_hold() -> None:
    for path in tracked():
        names = {part.removesuffix(".py") for part in path.parts}
        allowed = {"core"} if path.parts[:2] == ("tests", "bench") else set()  # AREA=core
        assert not (names & EMPTY_NAMES) - allowed, path


def test_modules_say_what_they_own() -> None:
    for module in modules(*SOURCE):
        if module.text.strip():
            assert ast.get_docstring(module.tree), module.path


FACTORIES = {
    "Settings", "GatewaySettings", "create_engine", "create_async_engine", "create_pool", "connect", "FastAPI",
    "CollectorRegistry", "create_app", "create_service_app", "AsyncClient", "Client", "sessionmaker",
}  # fmt: skip


def at_import(module: Module) -> Iterator[ast.Call]:
    """Calls that run when the module is imported: outside functions, and not under `if __name__ == …`."""
    left: list[ast.AST] = list(module.tree.body)
    while left:
        node = left.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            left += [*node.args.defaults, *(default for default in node.args.kw_defaults if default)]
            continue
        if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Call):
            yield node
        left += ast.iter_child_nodes(node)


def test_nothing_is_opened_at_import() -> None:
    """Settings, engines, applications and metrics live in factories: five services share a process in tests."""
    for module in modules(*SOURCE):
        for call in at_import(module):
            assert called(call).split(".")[-1] not in FACTORIES, module.at(call)


def test_environment_is_read_by_settings_alone() -> None:
    allowed = {
        "shared/cli.py",  # the default of an option
        "shared/contracts/history.py",  # cleaned for git
        "deploy/gateway/envoy.py",  # handed on to the child
        "deploy/kafka/programs.py",  # the user's cache, the user's Java
        "deploy/fleet/environment.py",  # handed on to the children
        "deploy/local/postgres_cluster.py",  # cleaned for the child
    }
    for module, node in found_in(SOURCE, ast.Attribute):
        assert isinstance(node, ast.Attribute)
        if node.attr in {"environ", "getenv"} and isinstance(node.value, ast.Name) and node.value.id == "os":
            assert str(module.path) in allowed, module.at(node)


def test_no_handler_swallows_everything() -> None:
    """`except Exception: pass` hides what a test should see."""
    for module, node in found_in(SOURCE, ast.ExceptHandler):
        assert isinstance(node, ast.ExceptHandler)
        broad = node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"}
        assert not (broad and all(isinstance(line, ast.Pass) for line in node.body)), module.at(node)
