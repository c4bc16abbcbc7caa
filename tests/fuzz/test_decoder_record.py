from pathlib import Path

from tests.fuzz.decoder_part import forget_mended
from tests.fuzz.record import Record, Tried

MENDED = {"decoder": "repr-text", "input": b"({a: u1} {b: u1})".hex(), "error": "ValueInvalid: a list of two types"}


def test_the_record_goes_on_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "fuzz-decoders.md"
    record = Record(next_seed=3, decoders={"cursor": Tried(1_500, 20, 60, 7)}, found=[MENDED], reference_rounds=2)
    record.save(path)
    assert Record.load(path) == record
    assert "| cursor | 1,500 | 20 | 60 | 7 |" in path.read_text()
    assert "| 2 | 40,000 | 4,000 | 4,000 | none |" in path.read_text()


def test_without_a_page_the_record_begins(tmp_path: Path) -> None:
    assert Record.load(tmp_path / "fuzz-decoders.md") == Record()


def test_what_keeps_its_word_by_now_is_mended() -> None:
    record = Record(found=[MENDED])
    forget_mended(record)
    assert (record.found, record.mended) == ([], [MENDED])
