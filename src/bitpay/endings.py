"""When an operator's command stops waiting for the ledger, and says why."""

import time
from collections.abc import Sequence

from bitpay.foundation import Foundation
from bitpay.kit.errors import Conflict, Unavailable
from bitpay.ledger.book import Head
from bitpay.ledger.follower import BEHIND, DEEP
from bitpay.ledger.ledger import FAILED
from bitpay.ledger.projection import Projection
from bitpay.ledger.replay import folded_by_others, outdated
from bitpay.ledger.source import SourceError
from bitpay.registry import PROJECTIONS
from bitpay.stacks.model import BlockHeader

PATIENCE = 6
"""Failures in a row that a command waits through."""
_STILL_ROUNDS = 2 * PATIENCE
"""Looks at a head that does not move before an open alert counts: at first, somebody has to take the lease."""
STILL_SECONDS = 300.0
"""How long the ledger of another process may stand still, short of the chain's tip."""


class Wait:
    """One command's wait for the ledger, ours or another process's."""

    def __init__(self, ground: Foundation) -> None:
        self._ground = ground
        self._failed_before: int | None = None
        self._unanswered = 0
        self._begun = 0
        self._head: Head | None = None
        self._moved = time.monotonic()
        self._still = 0

    async def tip(self) -> BlockHeader | None:
        """Return the chain's tip, None where it cannot be had now. Raises SourceError after several failures."""
        try:
            tip = await self._ground.source.tip()
        except SourceError:  # the follower tries again, and so do we
            self._unanswered += 1
            if self._unanswered >= PATIENCE:
                raise
            return None
        self._unanswered = 0
        return tip

    def began_again(self) -> None:
        """Note that the lease was lost on the way. Raises Unavailable when that does not end."""
        self._begun += 1
        if self._begun >= PATIENCE:
            raise Unavailable(f"The lease was lost {self._begun} times: the database stalls, or this machine does.")

    async def check_folding(self, chosen: Sequence[Projection]) -> None:
        """Raise Unavailable where whoever folds fails, Conflict where it is another version of BitPay."""
        await self._check_failures()
        if names := await folded_by_others(self._ground.database, chosen):
            raise Conflict(f"Another version of BitPay follows the chain and folded {', '.join(names)}: stop it first.")

    async def check_following(self, head: Head) -> None:
        """Raise Unavailable where the ledger, which stands at `head` short of the tip, does not go on."""
        await self._check_failures()
        if head != self._head or await outdated(self._ground.database, PROJECTIONS):  # it folds before it moves
            self._head, self._moved, self._still = head, time.monotonic(), 0
            return
        self._still += 1
        for kind in (DEEP, BEHIND) if self._still >= _STILL_ROUNDS else ():
            if stopped := await self._ground.ledger.alerts.find(kind):
                raise Unavailable(f"{stopped['message']} `bitpay ledger status` shows where it stands.")
        if not self._ground.ledger.leading and time.monotonic() - self._moved > STILL_SECONDS:
            raise Unavailable("Another process follows the chain and stands still: look into its log.")

    async def _check_failures(self) -> None:
        ledger = self._ground.ledger
        if ledger.failures >= PATIENCE:
            raise Unavailable(f"The ledger cannot go on, {ledger.failures} times in a row. {ledger.failure}")
        failed = await ledger.alerts.find(FAILED)
        count = failed["count"] if failed else 0
        if self._failed_before is None or failed is None:
            self._failed_before = count
        if failed is not None and count - self._failed_before >= PATIENCE:
            raise Unavailable(str(failed["message"]))
