"""A file is whole or not there, and never takes another's place."""

import stat
from pathlib import Path

import pytest

from bitpay.kit.errors import Conflict, InvalidInput
from bitpay.kit.files import whole_file


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_a_file_bears_its_name_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)
    with whole_file(path) as file:
        file.write(b"all of it")
        assert not path.exists()
    assert path.read_bytes() == b"all of it"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names(tmp_path) == [path.name]


def test_a_file_that_appeared_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "backup"
    with pytest.raises(Conflict, match="exists already"), whole_file(path):
        path.write_text("theirs")
    assert path.read_text() == "theirs"
    assert names(tmp_path) == ["backup"]


def test_a_link_that_leads_nowhere_is_something_too(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(Conflict, match="exists already"), whole_file(tmp_path / "link"):
        pytest.fail("there is nothing to write")


def test_what_is_interrupted_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyError), whole_file(tmp_path / "backup"):
        raise KeyError
    assert names(tmp_path) == []


@pytest.mark.parametrize("name", ["n" * 256, "nu\0l", "sur\ud800rogate", "no/such/folder"])
def test_odd_names_are_refused_in_a_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be written"), whole_file(tmp_path / name):
        pytest.fail("there is nothing to write")
    assert names(tmp_path) == []


@pytest.mark.parametrize("name", ["", ".", "..", "/"])
def test_folders_are_there_already(name: str) -> None:
    with pytest.raises(Conflict, match="exists already"), whole_file(Path(name)):
        pytest.fail("there is nothing to write")
