"""Where single rules are tried: the contracts, finalised, everything in one block until time is told to pass."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from tests.properties.cast import PRINCIPALS
from tests.properties.plain import Code
from tests.properties.stage import Seen, Stage, Step, Via

ADMINS = ("ada", "alan", "amos")
THRESHOLD = 2
COUNTS = (
    ("core", "get-stream-count"),
    ("marketplace", "get-listing-count"),
    ("marketplace", "get-offer-count"),
    ("treasury", "get-proposal-count"),
)


class Ground:
    """A stage with a beginning to come back to."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        stage.restore()
        assert self.do("deployer", "access-control", "finalize", list(ADMINS), THRESHOLD, ["olga"]) is True
        self._beginning = stage.vm.snapshot()

    def again(self) -> Self:
        """Go back to just after finalisation."""
        self.stage.vm.restore(self._beginning)
        return self

    @property
    def time(self) -> int:
        """Unix seconds now."""
        return self.stage.vm.time

    @property
    def height(self) -> int:
        """Block height now."""
        return self.stage.vm.height

    def now(self, clock: str) -> int:
        """Return the present moment of a clock."""
        return self.time if clock == "seconds" else self.height

    def see(self, who: str, contract: str, function: str, *args: Any, via: Via = "") -> Seen:  # noqa: ANN401 - arguments
        """Make a call in the present block; returns all that it did."""
        return self.stage.perform(Step(who, contract, function, args, via, blocks=0))

    def do(self, who: str, contract: str, function: str, *args: Any) -> Any:  # noqa: ANN401 - arguments and answers
        """Make a call in the present block; returns its answer."""
        return self.see(who, contract, function, *args).answer

    def ask(self, contract: str, function: str, *args: Any) -> Any:  # noqa: ANN401 - arguments and answers
        """Read in the present block."""
        return self.stage.read(contract, function, args)

    def reason(self, answer: Any) -> str:  # noqa: ANN401 - any answer
        """Return why a call was refused, "ok" where it was not."""
        return self.stage.reason(answer) if isinstance(answer, Code) else "ok"

    def pass_seconds(self, seconds: int) -> None:
        """Begin a block so many seconds later; 0 stays in this one."""
        if seconds:
            self.stage.vm.open_block(self.time + seconds)

    def pass_ticks(self, clock: str, ticks: int) -> None:
        """Let so many ticks of a clock pass."""
        if clock == "seconds":
            self.pass_seconds(ticks)
        else:
            for _ in range(ticks):
                self.pass_seconds(1)

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Undo at the end whatever is done in between."""
        with self.stage.vm.undone():
            yield

    def facts(self) -> list[Any]:
        """Return everything that the contracts tell, and everyone's sats."""
        return everything(self.stage)


def everything(stage: Stage) -> list[Any]:
    """Return everything that the contracts tell now, and everyone's sats."""
    streams, listings, offers, proposals = (list(range(1, stage.read(*count) + 1)) for count in COUNTS)
    return [
        stage.read("core", "probe-streams", (streams, streams)),
        stage.read("marketplace", "probe-sales", (listings, offers, streams)),
        stage.read("treasury", "probe-council", (proposals,)),
        stage.read("access-control", "probe-access", (list(PRINCIPALS),)),
        stage.balances(),
    ]
