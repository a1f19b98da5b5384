"""The repository speaks of itself only: no paths of a machine, no download addresses, no outside assets."""

import re

import pytest

from tests.architecture.tree import ROOT, tracked

BINARY = {".png", ".ico", ".gz", ".pdf", ".woff2"}

# With a letter in brackets here and there, so that the patterns do not find themselves.
MACHINE = re.compile(
    r"(?<![\w.\-/}])/(?:work|root|tmp|home|Users|mnt|opt)(?:/[\w.\-]|\b(?![\w(/]))|[A-Z]:\\\\Users"
)
HOSTS = re.compile(
    r"pypi[.]org|python[h]osted|[n]pmjs|[u]npkg\.com|[j]sdelivr|[c]dnjs|crates[.]io|proxy[.]golang|"
    r"repo1?[.]maven|ghcr[.]io|files[.]python|fonts\.g(?:oogleapis|static)"
)

PATHS_MEANT: dict[str, str] = {
    "deploy/docker/service.Dockerfile": "folders inside the container",
    "docker-compose.yml": "folders inside containers",
    "deploy/docker/standins/kafka.Dockerfile": "folders inside the container",
    "deploy/docker/standins/kafka.sh": "folders inside the container",
    "tests/deploy/docker/containers/test_images.py": "folders inside the container",
    "tests/deploy/docker/containers/test_life.py": "folders inside containers",
}


def lines(pattern: re.Pattern[str]) -> dict[str, list[str]]:
    """Lines with the pattern, by file; binary ones left out."""
    found: dict[str, list[str]] = {}
    for path in tracked():
        if path.suffix in BINARY:
            continue
        text = (ROOT / path).read_text(encoding="utf-8")
        hits = [
            f"{path}:{number}" for number, line in enumerate(text.splitlines(), 1) if pattern.search(line)
        ]
        if hits:
            found[path.as_posix()] = hits
    return found


def test_no_path_of_a_machine() -> None:
    found = lines(MACHINE)
    assert {path: hits for path, hits in found.items() if path not in PATHS_MEANT} == {}
    assert PATHS_MEANT.keys() <= found.keys(), "no longer needed"


def test_no_package_registry_or_content_network() -> None:
    """Locks are free of addresses, pages of outside assets: what is fetched from where is the user's choice."""
    assert lines(HOSTS) == {}


@pytest.mark.parametrize(
    "line", ["cd {}mnt/main", 'Path("{}tmp/x")', "see {}root", "{}home/me/file", "({}tmp)"]
)
def test_the_pattern_finds_paths(line: str) -> None:
    assert MACHINE.search(line.format("/"))


@pytest.mark.parametrize(
    "line",
    ["GET /v1{}tmp/x", "var{}tmp/x", "https://a.example{}home/x", "services{}opt", ".{}root/x", "{}rootless"],
)
def test_the_pattern_leaves_addresses_alone(line: str) -> None:
    assert not MACHINE.search(line.format("/"))


def test_locks_are_hashed_and_free_of_addresses() -> None:
    locks = [path for path in tracked() if path.name == "requirements.txt"]
    assert len(locks) == 6
    for path in locks:
        text = (ROOT / path).read_text(encoding="utf-8")
        assert "://" not in text, path
        wanted = [line for line in text.splitlines() if re.match(r"[a-z0-9]", line)]
        assert text.count("--hash=sha256:") >= len(wanted) > 20, path


def test_files_are_small_enough_for_a_repository() -> None:
    large = [path for path in tracked() if (ROOT / path).stat().st_size > 1_500_000]
    assert large == []
