"""Runs atheris over every decoder for a share of the time, and keeps the record."""

import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from hashlib import sha1
from pathlib import Path

from rich.console import Console
from tests.fuzz.decoder_seeds import seeds
from tests.fuzz.decoders import DECODERS
from tests.fuzz.record import Record, Tried

CACHE = Path(__file__).parents[2] / ".cache" / "fuzz"
MAX_BYTES = 8192
"""Longest input."""
GRACE_SECONDS = 120
LAST_LINES = 40


def run(minutes: float, console: Console, names: Sequence[str] = tuple(DECODERS)) -> bool:
    """Try every decoder for its share of `minutes`. Returns whether all kept their word."""
    if importlib.util.find_spec("atheris") is None:
        console.print("left out: atheris is not built for this machine")
        return True
    record = Record.load()
    forget_mended(record)
    record.save()
    share = max(1, round(60 * minutes / len(names)))
    kept = [_try(name, share, console) for name in names]
    return all(kept)


def forget_mended(record: Record) -> None:
    """Try again what was found before: what is accepted or refused properly by now is mended."""
    for one in list(record.found):
        if _keeps_its_word(one["decoder"], bytes.fromhex(one["input"])):
            record.found.remove(one)
            record.mended.append(one)


def _keeps_its_word(name: str, data: bytes) -> bool:
    try:
        DECODERS[name].check(data)
    except Exception:  # noqa: BLE001 - whatever it raises is what was found
        return False
    return True


def _try(name: str, seconds: int, console: Console) -> bool:
    seed = Record.load().next_seed
    folder = CACHE / name
    _plant(name, folder / "corpus")
    (folder / "tally").write_text("0 0")
    done = subprocess.run(
        _command(name, folder, seconds, seed),
        capture_output=True,
        text=True,
        timeout=seconds + GRACE_SECONDS,
        check=False,
    )
    record = Record.load()
    record.next_seed = seed + 1
    inputs, accepted = map(int, (folder / "tally").read_text().split())
    before = record.decoders.get(name, Tried())
    corpus = len(list((folder / "corpus").iterdir()))
    record.decoders[name] = Tried(before.inputs + inputs, before.accepted + accepted, before.seconds + seconds, corpus)
    console.print(f"{name}: seed {seed}, {inputs:,} inputs, {accepted:,} accepted, corpus {corpus:,}")
    if done.returncode:
        _report(name, folder, done.stderr + done.stdout, record, console)
    record.save()
    return done.returncode == 0


def _command(name: str, folder: Path, seconds: int, seed: int) -> list[str]:
    return [
        *(sys.executable, "-m", "tests.fuzz.decoder_child", name, str(folder / "tally"), str(folder / "corpus")),
        *(f"-max_total_time={seconds}", f"-seed={seed}", f"-max_len={MAX_BYTES}", f"-artifact_prefix={folder}/found-"),
        *("-timeout=20", "-rss_limit_mb=1024", "-print_final_stats=1"),
    ]


def _plant(name: str, corpus: Path) -> None:
    """Put the first inputs into a corpus, beside what earlier runs have found."""
    corpus.mkdir(parents=True, exist_ok=True)
    for data in seeds(name):
        (corpus / sha1(data, usedforsecurity=False).hexdigest()).write_bytes(data)


def _report(name: str, folder: Path, said: str, record: Record, console: Console) -> None:
    lines = said.splitlines()
    console.print("\n".join(lines[-LAST_LINES:]), markup=False, highlight=False, soft_wrap=True)
    error = next((line for line in lines if "Exception:" in line or "Error:" in line), lines[-1] if lines else "")
    for found in sorted(folder.glob("found-*")):
        data = found.read_bytes()
        console.print(
            f"again: .venv/bin/python -m tests.fuzz.decoder_child {name} {folder / 'tally'} {found}",
            highlight=False,
            soft_wrap=True,
        )
        record.found.append({"decoder": name, "input": data.hex(), "error": error.strip()[:200]})
        found.rename(found.with_name(f"reported-{found.name}"))
