"""Sealing: only the right key opens a field, and only where it stands."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.people.key_file import KeyFileError, add_key, ensure_key_file, read_key_file, remove_key
from shared.people.keyring import LOOK_SECONDS, UNSEALED, CannotOpen, Keyring, Place, Sealed

ROW = UUID(int=7)
PLACE = Place("personal_data", ROW, "visit_note")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "monitoring.json"


def ring(path: Path, service: str = "monitoring") -> Keyring:
    return Keyring(service, path, make=True)


@pytest.fixture(scope="module")
def one_ring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return ring(tmp_path_factory.mktemp("ring") / "keys.json")


@given(text=st.text(st.characters(codec="utf-8")))
def test_what_is_sealed_opens_as_it_was(one_ring: Keyring, text: str) -> None:
    assert one_ring.open(PLACE, one_ring.seal(PLACE, text)) == text


def test_the_same_text_is_never_sealed_the_same(path: Path) -> None:
    keyring = ring(path)
    sealed = {keyring.seal(PLACE, "Айзада").value for _ in range(100)}
    assert len(sealed) == 100
    assert not any("Айзада".encode() in value for value in sealed)


@pytest.mark.parametrize(
    "elsewhere",
    [
        Place("personal_data", UUID(int=8), "visit_note"),
        Place("personal_data", ROW, "review_comment"),
        Place("receiver", ROW, "visit_note"),
    ],
)
def test_it_opens_in_no_other_row_field_or_table(path: Path, elsewhere: Place) -> None:
    keyring = ring(path)
    with pytest.raises(CannotOpen) as refused:
        keyring.open(elsewhere, keyring.seal(PLACE, "Айзада"))
    assert "Айзада" not in str(refused.value)


def test_it_opens_in_no_other_service_though_the_keys_are_the_same(path: Path) -> None:
    sealed = ring(path).seal(PLACE, "Айзада")
    with pytest.raises(CannotOpen):
        ring(path, "scoring").open(PLACE, sealed)


@pytest.mark.parametrize("at", [0, 11, 12, -1])
def test_no_byte_can_be_changed(path: Path, at: int) -> None:
    keyring = ring(path)
    sealed = keyring.seal(PLACE, "Айзада")
    changed = bytearray(sealed.value)
    changed[at] ^= 1
    with pytest.raises(CannotOpen):
        keyring.open(PLACE, Sealed(sealed.key_id, bytes(changed)))
    with pytest.raises(CannotOpen):
        keyring.open(PLACE, Sealed(sealed.key_id, sealed.value[:8]))


def test_a_new_key_is_taken_up_without_a_restart_and_old_ones_still_open(path: Path) -> None:
    now = [0.0]
    keyring = Keyring("monitoring", path, make=True, monotonic=lambda: now[0])
    first = keyring.seal(PLACE, "before")
    added = add_key(path)
    assert keyring.seal(PLACE, "soon after").key_id == first.key_id
    now[0] += LOOK_SECONDS
    second = keyring.seal(PLACE, "after")
    assert second.key_id == added != first.key_id
    assert keyring.open(PLACE, first) == "before"
    assert keyring.open(PLACE, second) == "after"


def test_a_key_of_another_process_is_looked_for_at_once(path: Path) -> None:
    now = [0.0]
    keyring = Keyring("monitoring", path, make=True, monotonic=lambda: now[0])
    keyring.check()
    add_key(path)
    assert keyring.open(PLACE, ring(path).seal(PLACE, "of a newer process")) == "of a newer process"


def test_keys_made_by_many_processes_at_once_are_all_kept(path: Path) -> None:
    """Separate processes, as commands given on two machines that share the folder; one retires a key beside them."""
    ensure_key_file(path)
    first = read_key_file(path).current
    add_key(path)
    adding = "import sys; from pathlib import Path; from shared.people.key_file import add_key; sys.stdin.read(1)\n"
    adding += "for _ in range(20): print(add_key(Path(sys.argv[1])))"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", adding, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    time.sleep(1)  # until all of them wait for their word
    for process in started:
        assert process.stdin is not None
        process.stdin.write("x")
        process.stdin.flush()
    remove_key(path, first)
    printed = [name for process in started for name in process.communicate(timeout=60)[0].split()]
    kept = read_key_file(path)
    assert len(set(printed)) == 80
    assert set(printed) <= kept.keys.keys()
    assert first not in kept.keys
    assert kept.current in printed
    assert list(path.parent.iterdir()) == [path]


def test_without_its_key_nothing_opens(path: Path) -> None:
    keyring = ring(path)
    sealed = keyring.seal(PLACE, "Айзада")
    add_key(path)
    remove_key(path, sealed.key_id)
    with pytest.raises(CannotOpen, match=sealed.key_id):
        ring(path).open(PLACE, sealed)
    with pytest.raises(KeyFileError):
        remove_key(path, ring(path).current)


def test_a_field_in_clear_is_read_until_it_is_sealed(path: Path) -> None:
    assert ring(path).open(PLACE, Sealed(UNSEALED, "Айзада".encode())) == "Айзада"


def test_the_file_is_its_owners_alone(path: Path) -> None:
    ensure_key_file(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    path.chmod(0o640)
    with pytest.raises(KeyFileError, match="owner alone"):
        read_key_file(path)


def test_production_makes_no_keys(path: Path) -> None:
    with pytest.raises(KeyFileError, match="cannot be read"):
        Keyring("monitoring", path).check()
    with pytest.raises(KeyFileError, match="MONITORING_PEOPLE_KEYS"):
        Keyring("monitoring", None).check()


def test_many_processes_make_one_file(path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: (ensure_key_file(path), read_key_file(path).current)[1], range(32)))
    assert len(set(found)) == 1
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "[]",
        '{"current": "a", "keys": {"a": "c2VjcmV0LWtleQ=="}}',
        '{"current": "b", "keys": {"a": "c2VjcmV0LWtleQ=="}}',
        '{"current": "a", "keys": ["c2VjcmV0LWtleQ=="]}',
        '{"current": "a", "keys": {"a": "c2VjcmV0LWtleQ"}}',
    ],
)
def test_a_broken_file_is_refused_and_not_quoted(path: Path, content: str) -> None:
    path.parent.mkdir()
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(KeyFileError) as refused:
        read_key_file(path)
    assert "c2VjcmV0" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_keys_do_not_show_themselves(path: Path) -> None:
    ensure_key_file(path)
    secret = next(iter(json.loads(path.read_text())["keys"].values()))
    assert secret not in repr(read_key_file(path))
    assert secret[:8] not in repr(ring(path).__dict__)
    assert str(uuid4()) not in repr(ring(path))
