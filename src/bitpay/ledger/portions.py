"""How much goes into one transaction: less when the database says that it took too long, more again afterwards."""

from pymongo.errors import OperationFailure

_TOO_MUCH = frozenset(
    {
        251,  # NoSuchTransaction: aborted by the server, every time it was tried
        257,  # TransactionTooLarge
        290,  # TransactionExceededLifetimeLimitSeconds
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
        if error.code not in _TOO_MUCH or tried <= 1:
            raise error
        self.size = max(1, tried // 2)
