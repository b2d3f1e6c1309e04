"""The fuzzers work, and find nothing any more in the inputs on which something was wrong."""

from __future__ import annotations

from pathlib import Path
from random import Random
from zlib import crc32

import pytest
from tests.fuzz import bundle, run
from tests.fuzz.fuzzers import FUZZERS
from tests.fuzz.run import smaller, wrong_with

CORPUS = Path(__file__).with_name("corpus")
FOUND = sorted(CORPUS.glob("*/*"))
A_FEW = {"load": 60, "parsers": 60, "patterns": 30, "simulate": 10}

fuzzers = pytest.mark.parametrize("name", FUZZERS)


@pytest.mark.parametrize("path", FOUND, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_was_found_is_mended(path: Path) -> None:
    """Each of them failed once: ``python -m tests.fuzz.run --replay`` runs one by itself."""
    assert wrong_with(path.parent.name, path.read_bytes()) == ""


@fuzzers
def test_a_few_mutations_show_nothing(name: str) -> None:
    """The same ones each time; every seed is the first of a mutation once."""
    chance = Random(name)
    seeds = FUZZERS[name].seeds()
    for number in range(A_FEW.get(name, 3)):
        data = FUZZERS[name].mutate(seeds[number % len(seeds)], chance)
        assert wrong_with(name, data) == "", data


@fuzzers
def test_mutations_depend_on_the_seed_alone(name: str) -> None:
    """Else nobody could look at the same run twice."""
    fuzzer = FUZZERS[name]
    first, again = (fuzzer.mutate(fuzzer.seeds()[0], Random(7)) for _ in range(2))
    assert first == again
    others = {fuzzer.mutate(fuzzer.seeds()[0], Random(seed)) for seed in range(20)}
    assert len(others) > 10


def test_the_names_of_the_fuzzers_are_known() -> None:
    """The command lists them without loading what they run."""
    assert list(run.NAMES) == list(FUZZERS)


def test_a_fault_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception, a hang and a workflow command are each told as what they are."""

    def broken(data: bytes) -> None:
        if data == b"raise":
            raise KeyError(data)
        while data == b"hang":
            pass

    monkeypatch.setitem(FUZZERS, "load", FUZZERS["load"]._replace(run=broken, seconds=0.2))
    assert wrong_with("load", b"raise").startswith("KeyError at ")
    assert wrong_with("load", b"hang") == "hang"
    assert wrong_with("load", b"") == ""


def test_a_bundle_is_its_files() -> None:
    """Whatever their names are; what would leave the folder is not written."""
    files = {"arguments": b"--info\n", "a b/\udc80.yml": b"x\n", "b": b"\n"}
    assert bundle.parted(bundle.joined(files)) == files
    given = {"arguments": b"check\n--output=/etc/x\n--jobs=2\n../x\n--info\n"}
    assert bundle.arguments(given) == ["check", "--info"]


def test_names_that_lead_out_of_the_folder_are_not_written(tmp_path: Path) -> None:
    """A mutation may give a file any name."""
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("../x", "/tmp/preflight-fuzz-x", "", "a\0"):
        assert not bundle.unpack({name: b"x"}, folder)
    assert list(tmp_path.rglob("*")) == [folder]


def test_an_input_is_made_smaller() -> None:
    """As long as it shows the same."""
    assert (
        smaller(bytes(range(200)), lambda data: b"\x07" in data and b"\x63" in data) == b"\x07\x63"
    )
    assert crc32(smaller(b"", bool)) == 0
