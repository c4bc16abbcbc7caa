"""What databases, chains and clocks refuse, as sentences for the person at the terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.errors import PyMongoError

from bitpay.kit.errors import Conflict, Unavailable
from bitpay.ledger.source import SourceError
from bitpay.stacks.client import ApiError, ReadFailed, Rejected


@contextmanager
def in_sentences() -> Iterator[None]:
    """Turn what is nobody's fault here into BitPayErrors; everything else stays as it is."""
    try:
        yield
    except PyMongoError as error:
        raise Unavailable(f"The database does not do it: {error}") from error
    except (ApiError, SourceError) as error:
        raise Unavailable(f"The Stacks API does not answer: {error}") from error
    except Rejected as error:
        raise Conflict(f"The node did not take a transaction: {error}.") from error
    except ReadFailed as error:
        raise Unavailable(f"The chain does not say: {error}.") from error
    except TimeoutError as error:
        raise Unavailable("It took too long. Try again.") from error
