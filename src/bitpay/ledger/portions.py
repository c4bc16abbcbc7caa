"""How much goes into one transaction: less when the database says that it took too long, more again afterwards."""

from pymongo.errors import OperationFailure

_TOO_MUCH = frozenset(
    {
        251,  # NoSuchTransaction: aborted by the server, every time it was tried
        257,  # TransactionTooLarge
        290,  # TransactionExceededLifetimeLimitSeconds
        388,  # TransactionTooLargeForCache
    }
)


class Portion:
    """A size between 1 and `most`."""

    def __init__(self, most: int) -> None:
        self.size = most
        self._most = most

    def fits(self) -> None:
        """Note that a transaction of this size went well."""
        self.size = min(self._most, self.size + 1)

    def shrink(self, error: OperationFailure, tried: int) -> None:
        """Halve the size if the error says that `tried` was too much; raise the error if it says something else."""
        if tried <= 1 or _TOO_MUCH.isdisjoint(_codes(error)):
            raise error
        self.size = max(1, tried // 2)


def _codes(error: OperationFailure) -> set[int | None]:
    """Return the error's code and, where it stands for a bulk of writes, those of its writes."""
    return {error.code, *(one.get("code") for one in (error.details or {}).get("writeErrors", ()))}
