import errno
import os
from hashlib import sha512
from pathlib import Path

import pytest

from bitpay.localchain.journal import MAGIC, Journal, JournalDamaged, JournalInUse, JournalUnwritable


def records(path: Path) -> list[object]:
    with Journal(path) as journal:
        return [record for _, record in journal.replay()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "journal"
    with Journal(path) as journal:
        journal.append([{"n": 1}, {"n": 2, "text": "x" * 10_000}])
        journal.append([{"n": 3}])
    return path


def numbers(path: Path) -> list[object]:
    return [record["n"] for record in records(path) if isinstance(record, dict)]


def test_records_come_back_in_order_and_by_place(path: Path) -> None:
    with Journal(path) as journal:
        places = [place for place, _ in journal.replay()]
        assert [journal.read(place)["n"] for place in places] == [1, 2, 3]
        [place] = journal.append([{"n": 4}])
        assert journal.read(place) == {"n": 4}
    assert numbers(path) == [1, 2, 3, 4]


def test_a_torn_last_record_is_cut_off_wherever_it_is_torn(path: Path) -> None:
    whole = path.read_bytes()
    with Journal(path) as journal:
        last = [place for place, _ in journal.replay()][-1]
    for end in range(last, len(whole)):
        path.write_bytes(whole[:end])
        assert numbers(path) == [1, 2]
        assert path.stat().st_size == last


def test_a_last_record_with_torn_content_is_cut_off(path: Path) -> None:
    torn = bytearray(path.read_bytes())
    torn[-3] ^= 0xFF
    path.write_bytes(torn)
    assert numbers(path) == [1, 2]


def test_damage_in_the_middle_is_not_hidden(path: Path) -> None:
    damaged = bytearray(path.read_bytes())
    damaged[len(MAGIC) + 12] ^= 0xFF
    path.write_bytes(damaged)
    with pytest.raises(JournalDamaged):
        records(path)


@pytest.mark.parametrize("byte", range(8))
@pytest.mark.parametrize("bit", range(8))
def test_a_wrong_length_in_the_middle_hides_nothing(path: Path, byte: int, bit: int) -> None:
    damaged = bytearray(path.read_bytes())
    damaged[len(MAGIC) + byte] ^= 1 << bit
    path.write_bytes(damaged)
    with pytest.raises(JournalDamaged):
        records(path)
    assert path.read_bytes() == damaged


@pytest.fixture
def unwaited(tmp_path: Path) -> tuple[Path, list[int]]:
    """A journal whose records 2 and 3 were not waited for, and the places of all."""
    path = tmp_path / "unwaited"
    with Journal(path) as journal:
        places = [
            *journal.append([{"n": 1}]),
            *journal.append([{"n": 2}, {"n": 3}], sync=False),
            *journal.append([{"n": 4}]),
        ]
    return path, places


def test_what_nobody_waited_for_comes_back_too(unwaited: tuple[Path, list[int]]) -> None:
    path, places = unwaited
    assert numbers(path) == [1, 2, 3, 4]
    with Journal(path) as journal:
        assert journal.read(places[1]) == {"n": 2}


def test_what_nobody_waited_for_may_be_damaged_at_the_end(unwaited: tuple[Path, list[int]]) -> None:
    path, places = unwaited
    end = bytearray(path.read_bytes()[: places[3]])
    end[places[1] + 12] ^= 0xFF
    path.write_bytes(end)
    assert numbers(path) == [1]
    assert path.stat().st_size == places[1]


@pytest.mark.parametrize("byte", range(20))
def test_damage_before_what_was_waited_for_is_not_hidden(unwaited: tuple[Path, list[int]], byte: int) -> None:
    path, places = unwaited
    damaged = bytearray(path.read_bytes())
    damaged[places[1] + byte] ^= 0x80
    path.write_bytes(damaged)
    with pytest.raises(JournalDamaged):
        records(path)


def test_a_journal_torn_at_birth_starts_anew(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(MAGIC[:5])
    assert records(path) == []
    assert path.read_bytes() == MAGIC


def test_another_file_is_not_taken_for_a_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_text("something else that is quite long")
    with pytest.raises(JournalDamaged):
        Journal(path)
    assert path.read_text() == "something else that is quite long"


def test_a_journal_has_one_writer(path: Path) -> None:
    with Journal(path), pytest.raises(JournalInUse):
        Journal(path)
    assert path.stat().st_mode & 0o077 == 0


class FullDisk:
    """A disk on which `room` bytes more can be written."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
        self.room = room
        self._write = os.pwrite
        monkeypatch.setattr(os, "pwrite", self.pwrite)

    def pwrite(self, file: int, data: bytes, place: int) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = self._write(file, data[: self.room], place)
        self.room -= written
        return written


@pytest.mark.parametrize("room", [0, 5, 60, 200])
def test_what_cannot_be_written_was_never_there(path: Path, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    before = path.read_bytes()
    with Journal(path) as journal:
        disk = FullDisk(monkeypatch, room)
        with pytest.raises(JournalUnwritable, match="No space left"):
            journal.append([{"n": number, "text": sha512(bytes((number,))).hexdigest()} for number in range(9)])
        assert path.read_bytes() == before
        disk.room = 1 << 20
        journal.append([{"n": 4}])
    assert numbers(path) == [1, 2, 3, 4]


def test_nothing_is_written_behind_what_may_be_left(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Journal(path) as journal:
        with monkeypatch.context() as broken:
            broken.setattr(os, "fsync", fails)
            with pytest.raises(JournalUnwritable, match="Input/output error"):
                journal.append([{"n": 4}, {"n": 5, "text": "x" * 1_000}])
            with pytest.raises(JournalUnwritable, match="Input/output error"):
                journal.append([{"n": 4}])
        journal.append([{"n": 6}])
    assert numbers(path) == [1, 2, 3, 6]


def fails(_file: int) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))
