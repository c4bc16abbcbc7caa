"""The data folder: one owner at a time, keys that nobody else can read."""

import stat
from contextlib import closing
from pathlib import Path

import pytest

from bitpay.dev.folder import DataFolder, Instance
from bitpay.kit.errors import Conflict, InvalidInput, NotFound

HERE = Instance("http://127.0.0.1:1", "http://127.0.0.1:2", "chain token", "mongodb://127.0.0.1:3", "token", 4)


def test_one_owner_at_a_time(tmp_path: Path) -> None:
    with closing(DataFolder(tmp_path)) as first:
        first.lock()
        first.announce(HERE)
        with pytest.raises(Conflict, match=r"already running in .* at http://127\.0\.0\.1:1"):
            DataFolder(tmp_path).lock()
    with closing(DataFolder(tmp_path)) as second:
        second.lock()


def test_keys_are_drawn_once_and_stay_private(tmp_path: Path) -> None:
    keys = {name: key.to_bytes() for name, key in DataFolder(tmp_path).accounts().items()}
    assert {name: key.to_bytes() for name, key in DataFolder(tmp_path).accounts().items()} == keys
    assert stat.S_IMODE(DataFolder(tmp_path).accounts_file.stat().st_mode) == 0o600
    assert len(set(keys.values())) == len(keys)


def test_two_folders_share_no_key(tmp_path: Path) -> None:
    one, two = ({key.to_bytes() for key in DataFolder(tmp_path / name).accounts().values()} for name in ("a", "b"))
    assert not one & two


def test_an_instance_can_be_found_while_it_runs(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.announce(HERE)
    assert folder.instance() == HERE
    folder.retract()
    with pytest.raises(NotFound, match="make dev"):
        folder.instance()


def test_a_reset_forgets_everything(tmp_path: Path) -> None:
    with closing(DataFolder(tmp_path)) as folder:
        folder.lock()
        folder.accounts()
        (folder.sub("mongo") / "file").write_text("x")
        folder.erase()
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_a_reset_erases_nothing_where_somebody_else_keeps_things(tmp_path: Path) -> None:
    with closing(DataFolder(tmp_path)) as folder:
        folder.lock()
        folder.accounts()
        (tmp_path / "photographs").mkdir()
        with pytest.raises(Conflict, match=r"photographs, which is not BitPay's; nothing was erased"):
            folder.erase()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["accounts.json", "lock", "photographs"]


def test_a_file_is_no_data_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Conflict, match="cannot be the data folder: File exists"):
        DataFolder(tmp_path / "file").lock()


@pytest.mark.parametrize("damaged", ["", "{", "[]", '{"alice": "zz"}', '{"alice": "00"}', '{"alice": 7}'])
def test_damaged_keys_are_said_to_be_damaged(tmp_path: Path, damaged: str) -> None:
    folder = DataFolder(tmp_path)
    folder.accounts_file.write_text(damaged)
    with pytest.raises(InvalidInput, match="is damaged"):
        folder.accounts()
