"""How long a node may know less than we do before a person hears of it."""

from dataclasses import dataclass

STILL_SECONDS = 60.0
"""While its tip stands still."""
STUCK_SECONDS = 300.0
"""While its tip comes on, but with nothing that we could follow."""


@dataclass(slots=True)
class Behind:
    """Since when a node has known less than we do. Times are seconds of any clock that only rises."""

    came_on: bool = False
    """Whether the node's last tip was higher than all before it."""
    _highest: int | None = None
    _still_since: float | None = None
    _stuck_since: float | None = None

    def see(self, height: int) -> None:
        """Note the height of the node's tip."""
        rises = self._highest is None or height > self._highest
        self.came_on = rises and self._highest is not None
        if rises:
            self._highest, self._still_since = height, None

    def too_long(self, now: float) -> bool:
        """Note that the node knows less than we do, and return whether that has lasted too long."""
        self._still_since = now if self._still_since is None else self._still_since
        self._stuck_since = now if self._stuck_since is None else self._stuck_since
        return now - self._still_since >= STILL_SECONDS or now - self._stuck_since >= STUCK_SECONDS

    def go_on(self) -> None:
        """Note that blocks were applied, wherever they came from: the ledger is not stuck."""
        self._stuck_since = None

    def end(self) -> None:
        """Note that we could follow the node, or are at its tip."""
        self._still_since = self._stuck_since = None
