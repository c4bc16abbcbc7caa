"""Records what the property tests and the contracts' tests ask of the VM, and what the real contracts answer.

Asked again of a changed contract, the first answer that differs shows that the change can be seen. The stories of the
property tests compare all that they see with a model, so a difference there is a failure there.
"""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias
from unittest.mock import patch

import pytest
from tests.properties.stage import Stage
from tests.properties.story import run_story

from bitpay.localchain.channel import Channel
from bitpay.protocol.ids import NAMES
from bitpay.protocol.sources import source

ROOT = Path(__file__).parents[1]
TOLD_IN = "tests/contracts", "tests/properties"
STORIES = 16
"""Stories of the property tests, each from a seed of its own."""
STEPS = 100
IGNORED = ("test_contract_garbage.py", "test_contract_costs.py")
"""Random arguments assert nothing about answers; costs differ with every change."""

_COMPARED = {"call", "read", "evaluate", "dataVar", "mapEntry"}
_CHANGING = {"open", "deploy", "mintStx", "mintFt", "snapshot", "restore", "forget", "repeat"}

Operation: TypeAlias = tuple[str, dict[str, Any]]
Place: TypeAlias = tuple[str, int, int]
"""Contract, line and column where an expression begins."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Operations that were asked at once, the answers that count (None: any), and the test that asked."""

    operations: list[Operation]
    answers: list[Any]
    test: str


@dataclass(slots=True)
class Part:
    """What was asked from one return to the beginning to the next, and which expressions that evaluated (if known)."""

    name: str
    exchanges: list[Exchange] = field(default_factory=list)
    evaluated: set[Place] = field(default_factory=set)

    @property
    def functions(self) -> set[tuple[str, str]]:
        """Contract and function of everything called directly."""
        return {
            (parameters["contract"].partition(".")[2], parameters["method"])
            for exchange in self.exchanges
            for name, parameters in exchange.operations
            if name == "call"
        }


@dataclass(slots=True)
class Recording:
    """How the beginning was made, and what followed, part by part."""

    setup: list[Exchange] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)


class Recorder:
    """Listens to every VM's channel. `test` names whatever is asking now; `evaluated` is by test."""

    def __init__(self) -> None:
        self.test = "setup"
        self.heard: dict[int, list[Exchange]] = {}
        self.evaluated: dict[str, set[Place]] = {}
        self._counts: dict[tuple[str, str], int] = {}
        self._channels: list[Channel] = []

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Record what is asked inside."""
        ask = Channel.ask

        def heard(channel: Channel, operations: Sequence[Any]) -> list[dict[str, Any]]:
            answers = ask(channel, operations)
            self._keep(channel, operations, answers)
            return answers

        with patch.object(Channel, "ask", heard):
            yield

    def _keep(self, channel: Channel, operations: Sequence[Any], answers: Sequence[Any]) -> None:
        if channel not in self._channels:
            self._channels.append(channel)
        kept = [
            ((name, dict(parameters)), answer if name in _COMPARED or name == "snapshot" else None)
            for (name, parameters), answer in zip(operations, answers, strict=True)
            if name in _COMPARED or name in _CHANGING or name == "start"
        ]
        if kept:
            exchange = Exchange([one for one, _ in kept], [one for _, one in kept], self.test)
            self.heard.setdefault(self._channels.index(channel), []).append(exchange)

    def note_coverage(self) -> None:
        """Note what was evaluated since the last time, as the present test's."""
        tracking = [self._channels[at] for at, one in self.heard.items() if _start(one).get("trackCoverage")]
        for channel in tracking:
            counted: dict[str, dict[str, int]] = channel.ask([("coverage", {})])[0]["ok"]
            counts = {(contract, place): times for contract, one in counted.items() for place, times in one.items()}
            fresh = {key for key, times in counts.items() if times != self._counts.get(key)}
            self.evaluated.setdefault(self.test, set()).update(_place(*key) for key in fresh)
            self._counts = counts

    def recordings(self) -> list[Recording]:
        """Return one recording for each VM that tracked no costs."""
        return [
            _divide(exchanges) for exchanges in self.heard.values() if not _start(exchanges).get("trackCosts", False)
        ]


def _start(exchanges: Sequence[Exchange]) -> dict[str, Any]:
    """Return how a VM was started."""
    return exchanges[0].operations[0][1]


def _place(contract: str, place: str) -> Place:
    line, column = place.split(":")
    return contract.partition(".")[2], int(line), int(column)


def _divide(exchanges: Sequence[Exchange]) -> Recording:
    recording = Recording()
    beginning: int | None = None
    for exchange in exchanges:
        name, parameters = exchange.operations[0]
        if beginning is None:
            if name != "start":
                recording.setup.append(exchange)
            if name == "snapshot":
                beginning = exchange.answers[0]["ok"]
        elif name == "restore" and parameters["id"] == beginning:
            recording.parts.append(Part(exchange.test, [exchange]))
        elif recording.parts:
            recording.parts[-1].exchanges.append(exchange)
    return recording


def record_stories() -> Recording:
    """Tell stories of the property tests."""
    recorder = Recorder()
    with recorder.listening():
        stage = Stage()
        for seed in range(STORIES):
            recorder.test = f"story {seed}"
            run_story(stage, seed, STEPS)
            print(f"\rRecorded story {seed + 1} of {STORIES}", end="", flush=True)
        stage.close()
    print()
    [recording] = recorder.recordings()
    return recording


class _Names:
    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    @pytest.hookimpl
    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Name the test that asks from now on."""
        self._recorder.test = nodeid

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self) -> None:
        """Note what the test evaluated, while there is a VM to ask."""
        self._recorder.note_coverage()


def record_tests(folder: Path) -> Recording:
    """Run the contracts' tests, tracking coverage. Ends the program where one fails."""
    os.environ["BITPAY_CONTRACT_COVERAGE"] = str(folder / "coverage.json")
    recorder = Recorder()
    ignored = [f"--ignore=tests/contracts/{name}" for name in IGNORED]
    with recorder.listening():
        options = ["-q", "-x", "-p", "no:cacheprovider", "tests/contracts", *ignored]
        code = pytest.main(options, plugins=[_Names(recorder)])
    if code != pytest.ExitCode.OK:
        sys.exit("The contracts' tests must pass before changes of the contracts can be tried.")
    recording = max(recorder.recordings(), key=lambda one: len(one.parts))
    for part in recording.parts:
        part.evaluated = recorder.evaluated[part.name]
    return recording


def write(path: Path) -> None:
    """Record stories and tests in this process, and write them down."""
    sources = {name: source(name) for name in NAMES}
    path.parent.mkdir(parents=True, exist_ok=True)
    stories, tests = record_stories(), record_tests(path.parent)
    document = {"digest": digest(), "sources": sources, "stories": asdict(stories), "tests": asdict(tests)}
    with gzip.open(path, "wt", compresslevel=3) as file:
        json.dump(document, file, separators=(",", ":"), default=sorted)


def digest() -> str:
    """Return the SHA-256 of all that a recording is made of: the contracts, their tests and the stories."""
    tests = [path for folder in TOLD_IN for path in sorted((ROOT / folder).rglob("*.py"))]
    return sha256("".join([*map(source, NAMES), *(path.read_text() for path in tests)]).encode()).hexdigest()


def ensure(path: Path) -> None:
    """Record in a process of its own, unless the recording of these very contracts and tests is there."""
    if path.exists() and _load(path).get("digest") == digest():
        return
    print("Recording what the real contracts answer (some minutes)...")
    command = [sys.executable, "-m", "scripts.mutant_recording", str(path)]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)


def read(path: Path) -> tuple[dict[str, str], Recording, Recording]:
    """Return the sources, the stories and the tests."""
    document = _load(path)
    return document["sources"], _recording(document["stories"]), _recording(document["tests"])


def _load(path: Path) -> dict[str, Any]:
    with gzip.open(path, "rt") as file:
        document: dict[str, Any] = json.load(file)
    return document


def _recording(document: dict[str, Any]) -> Recording:
    return Recording(
        [_exchange(one) for one in document["setup"]],
        [
            Part(part["name"], [_exchange(one) for one in part["exchanges"]], set(map(tuple, part["evaluated"])))
            for part in document["parts"]
        ],
    )


def _exchange(document: dict[str, Any]) -> Exchange:
    operations = [(name, parameters) for name, parameters in document["operations"]]
    return Exchange(operations, document["answers"], document["test"])


if __name__ == "__main__":
    write(Path(sys.argv[1]))
