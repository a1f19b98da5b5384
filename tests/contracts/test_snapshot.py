"""The committed snapshots are those of the contracts, and none of them ever broke an earlier one."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from pydantic import create_model

from shared.contracts import BY_NAME, snapshot
from shared.contracts.compatibility import breaking_changes
from shared.contracts.history import NoHistory, environment, versions
from shared.contracts.snapshot import ASYNCAPI, EXAMPLES, PAGE, ROOT, SCHEMAS, differences, main, write

ACCEPTED_BREAKS: dict[str, str] = {}
"""Git blob of a schema that may be broken → why nobody depends on it."""


def test_committed_snapshots_are_those_of_the_contracts() -> None:
    assert differences() == [], "run `make contracts`"


def test_no_committed_schema_was_ever_broken() -> None:
    try:
        committed = versions(ROOT, SCHEMAS)
    except NoHistory as reason:
        pytest.skip(str(reason))
    for version in committed:
        if version.blob in ACCEPTED_BREAKS:
            continue
        present = ROOT / SCHEMAS / f"{version.name}.json"
        assert present.exists(), f"{version.name} was removed"
        changes = breaking_changes(json.loads(version.text), json.loads(present.read_text(encoding="utf-8")))
        assert changes == [], f"{version.name} since {version.blob}"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder with snapshots of its own that are up to date, whatever the state of the checkout."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    write(tmp_path)
    (tmp_path / EXAMPLES).mkdir()
    for name in BY_NAME:
        (tmp_path / EXAMPLES / f"{name}.json").touch()
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


NAME = "scoring.result.published.v1"


class TestCheck:
    def test_says_what_differs(self, copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["check"], copy) == 0
        edit(copy / SCHEMAS / f"{NAME}.json", '"minimum": 1', '"minimum": 2')
        (copy / ASYNCAPI / "platform.json").unlink()
        (copy / EXAMPLES / f"{NAME}.json").rename(copy / EXAMPLES / "foreign.json")
        (copy / ASYNCAPI / "old.json").touch()
        assert main(["check"], copy) == 1
        assert set(capsys.readouterr().out.splitlines()) == {
            f"{SCHEMAS}/{NAME}.json: differs from the contracts",
            f"{ASYNCAPI}/platform.json: missing",
            f"{ASYNCAPI}/old.json: belongs to no contract",
            f"{EXAMPLES}/{NAME}.json: missing, to be written by hand",
            f"{EXAMPLES}/foreign.json: belongs to no contract",
        }


class TestWrite:
    def test_brings_everything_up_to_date_once(self, copy: Path) -> None:
        for folder in (SCHEMAS, ASYNCAPI):
            shutil.rmtree(copy / folder)
        (copy / PAGE).unlink()
        assert len(write(copy)) == len(snapshot.expected())
        assert differences(copy) == []
        assert write(copy) == []

    def test_takes_an_addition(self, copy: Path) -> None:
        path = copy / SCHEMAS / f"{NAME}.json"
        document = json.loads(path.read_text(encoding="utf-8"))
        del document["properties"]["rank"]
        path.write_text(json.dumps(document), encoding="utf-8")
        assert main(["write"], copy) == 0
        assert differences(copy) == []

    def test_refuses_what_breaks_a_committed_schema(
        self, copy: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        edit(copy / SCHEMAS / f"{NAME}.json", '"score": {', '"points": {')
        (copy / SCHEMAS / "scoring.result.retired.v1.json").write_text("{}", encoding="utf-8")
        before = differences(copy)
        assert main(["write"], copy) == 1
        said = capsys.readouterr().out
        assert f"{NAME} /dimensions/*/points: removed" in said
        assert "scoring.result.retired.v1: removed" in said
        assert differences(copy) == before
        assert main(["write", "--accept-breaks"], copy) == 0
        assert differences(copy) == []

    def test_refuses_a_changed_audience(self, copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
        edit(copy / SCHEMAS / f"{NAME}.json", '"x-audience": "public"', '"x-audience": "internal"')
        assert main(["write"], copy) == 1
        assert "x-audience 'internal' became 'public'" in capsys.readouterr().out


class TestHistory:
    @pytest.fixture
    def repository(self, tmp_path: Path) -> Path:
        self.git(tmp_path, "init", "--quiet")
        (tmp_path / SCHEMAS).mkdir(parents=True)
        return tmp_path

    @staticmethod
    def git(root: Path, *arguments: str) -> None:
        identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
        command = ["git", *identity, *arguments]
        subprocess.run(command, cwd=root, check=True, capture_output=True, env=environment())

    def commit(self, root: Path, name: str, text: str | None) -> None:
        path = root / SCHEMAS / f"{name}.json"
        path.unlink() if text is None else path.write_text(text, encoding="utf-8")
        self.git(root, "add", "--all")
        self.git(root, "commit", "--quiet", "--message", name)

    def test_gives_every_content_a_file_ever_had(self, repository: Path) -> None:
        for name, text in (("a", "1"), ("a", "2"), ("b", "{}"), ("a", "1"), ("b", None)):
            self.commit(repository, name, text)
        (repository / SCHEMAS / "a.json").write_text("not committed", encoding="utf-8")
        found = {(version.name, version.text) for version in versions(repository, SCHEMAS)}
        assert found == {("a", "1"), ("a", "2"), ("b", "{}")}

    def test_sees_both_sides_of_a_merge(self, repository: Path) -> None:
        self.commit(repository, "a", "1")
        self.git(repository, "checkout", "--quiet", "-b", "side")
        self.commit(repository, "b", "side")
        self.git(repository, "checkout", "--quiet", "-")
        self.commit(repository, "c", "main")
        self.git(repository, "merge", "--quiet", "side", "--message", "merged")
        found = {(version.name, version.text) for version in versions(repository, SCHEMAS)}
        assert found == {("a", "1"), ("b", "side"), ("c", "main")}

    def test_sees_what_only_a_merge_made(self, repository: Path) -> None:
        self.commit(repository, "a", "1")
        self.git(repository, "checkout", "--quiet", "-b", "side")
        self.commit(repository, "a", "side")
        self.git(repository, "checkout", "--quiet", "-")
        self.commit(repository, "a", "main")
        self.git(repository, "merge", "--quiet", "--strategy=ours", "--no-commit", "side")
        self.commit(repository, "a", "both")
        found = {version.text for version in versions(repository, SCHEMAS)}
        assert found == {"1", "side", "main", "both"}

    def test_says_when_there_is_none(self, tmp_path: Path) -> None:
        with pytest.raises(NoHistory):
            versions(tmp_path, SCHEMAS)
        self.git(tmp_path, "init", "--quiet")
        with pytest.raises(NoHistory):
            versions(tmp_path, SCHEMAS)


def test_a_model_that_lost_a_field_is_found_against_its_snapshot() -> None:
    """From the model to the report, as a change in the code would go."""
    model = BY_NAME[NAME].payload
    fields = {name: (info.annotation, info) for name, info in model.model_fields.items() if name != "score"}
    changed = create_model("Changed", **fields)  # type: ignore[call-overload]
    committed = json.loads((ROOT / SCHEMAS / f"{NAME}.json").read_text(encoding="utf-8"))
    changes = breaking_changes(committed, changed.model_json_schema(mode="serialization"))
    assert "/score: removed" in changes
