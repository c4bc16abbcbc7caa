"""Asking the Stacks node on somebody's behalf: its silence is a BitPayError like any other."""

from collections.abc import Iterator
from contextlib import contextmanager

from bitpay.kit.errors import Unavailable
from bitpay.stacks.client import ApiError, ReadFailed


class NodeUnavailable(Unavailable):
    """The Stacks node does not answer properly; trying again later may help."""

    code = "node_unavailable"


@contextmanager
def asking_node() -> Iterator[None]:
    """Turn the node's failures into NodeUnavailable."""
    try:
        yield
    except (ApiError, ReadFailed) as error:
        raise NodeUnavailable("The Stacks node does not answer properly; try again in a moment.") from error
