"""A call's post-conditions, each of them missing or a single sat too tight: what must not get through."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bitpay.protocol.calls.call import Call
from bitpay.stacks.post_conditions import Compare, FtPostCondition, NftPostCondition, PostCondition, Sent


def tightened(call: Call, sent: Mapping[str, int]) -> Iterator[Call]:
    """Yield variants of the call that deny mode has to undo. `sent`: what principals really send, in sats."""
    yield from (replace(call, post_conditions=conditions) for conditions in _missing(call, sent))
    for index, condition in enumerate(call.post_conditions):
        for tighter in _tighter(condition, sent):
            conditions = [*call.post_conditions]
            conditions[index] = tighter
            yield replace(call, post_conditions=tuple(conditions))


def _missing(call: Call, sent: Mapping[str, int]) -> Iterator[tuple[PostCondition, ...]]:
    """Without one NFT, and without all that bounds one principal's sats."""
    for one in call.post_conditions:
        if isinstance(one, NftPostCondition):
            yield tuple(other for other in call.post_conditions if other is not one)
    for who, sats in sent.items():
        assert sats > 0
        yield tuple(one for one in call.post_conditions if not _bounds(one, who))


def _tighter(condition: PostCondition, sent: Mapping[str, int]) -> Iterator[PostCondition]:
    if isinstance(condition, NftPostCondition):
        yield replace(condition, condition=Sent.NOT_SENT)
    if isinstance(condition, FtPostCondition):
        real = sent.get(str(condition.principal), 0)
        for sats in _out_of_reach(condition.condition, real):
            yield replace(condition, amount=sats)


def _out_of_reach(compare: Compare, real: int) -> list[int]:
    around = {Compare.EQ: [real - 1, real + 1], Compare.LTE: [real - 1], Compare.GTE: [real + 1]}
    return [sats for sats in around[compare] if sats >= 0]


def _bounds(condition: PostCondition, who: str) -> bool:
    return isinstance(condition, FtPostCondition) and str(condition.principal) == who
