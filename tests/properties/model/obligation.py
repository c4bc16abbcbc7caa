"""The obligation's token: who holds the right to be paid."""

from collections.abc import Iterable
from dataclasses import replace

from tests.properties.model import vault
from tests.properties.model.state import Call, Refusal, State, Stream, refuse


def transfer(state: State, call: Call, stream_id: int, sender: str, recipient: str) -> tuple[bool, State]:
    """SIP-009: `sender` speaks for himself, as signer or as caller."""
    refuse(_wrong_with_transfer(state, call, stream_id, sender, recipient))
    return True, hand_over(state, stream_id, recipient)


def _wrong_with_transfer(state: State, call: Call, stream_id: int, sender: str, recipient: str) -> Iterable[str]:
    if sender not in {call.payer, call.caller}:
        yield "NOT_OWN_CALL"
    stream = state.streams.get(stream_id)
    if stream is None:
        yield "NOT_HOLDER"
        yield from vault.vault_as_receiver(recipient)
        yield from _same(sender, recipient)
        return
    yield from cannot_move(stream, sender, recipient)


def cannot_move(stream: Stream, sender: str, recipient: str) -> Iterable[str]:
    """Yield why the token cannot go from `sender` to `recipient`."""
    if stream.holder != sender:
        yield "NOT_HOLDER"
    if not stream.transferable:
        yield "NOT_TRANSFERABLE"
    yield from vault.vault_as_receiver(recipient)
    yield from _same(sender, recipient)


def _same(sender: str, recipient: str) -> Iterable[str]:
    if sender == recipient:
        yield "SAME_HOLDER"


def hand_over(state: State, stream_id: int, to: str) -> State:
    """Move the token of a stream that may be moved."""
    stream = state.streams[stream_id]
    moved = replace(stream, holder=to, moves=stream.moves + 1)
    return state.with_stream(stream_id, moved).telling(
        "bitpay-obligation-nft",
        "obligation-transferred",
        stream_id=stream_id,
        **{"from": stream.holder},
        to=to,
        moves=moved.moves,
    )


def receipt_transfer(_state: State, _call: Call, _id: int, _sender: str, _recipient: str) -> tuple[bool, State]:
    """A receipt says what happened; it stays where it is."""
    raise Refusal("NOT_TRANSFERABLE")
