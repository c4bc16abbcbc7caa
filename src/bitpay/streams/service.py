"""The rules of streams for readers and for those who are about to sign. Nothing here moves money."""

from typing import Any

from bitpay.access.clock import ChainClock, Moment
from bitpay.access.policy import AccessPolicy
from bitpay.kit.cursors import decode_cursor, encode_cursor
from bitpay.kit.errors import Conflict, Forbidden, InvalidInput, NotFound, Unavailable
from bitpay.kit.settings import NetworkName
from bitpay.protocol.calls import core
from bitpay.protocol.calls.call import Call
from bitpay.protocol.calls.terms import Schedule, Terms
from bitpay.protocol.fees import creation_fee
from bitpay.protocol.ids import Contracts
from bitpay.stacks import clarity, post_conditions
from bitpay.stacks.network import Network
from bitpay.store import Document
from bitpay.streams.orders import Order, check_order, check_recipient, check_wallet
from bitpay.streams.repository import FILTERS, StreamFilter, StreamRepository
from bitpay.streams.schemas import PrepareCreate, PreparedCall, Stream, StreamPage
from bitpay.streams.state import OPEN, end_block, is_confirmed, state_of

MAX_LIMIT = 100
MAX_STREAM_ID = (1 << 53) - 1
SIGNING_SECONDS = 30
SIGNING_BLOCKS = 3
"""How long signing a transaction and having it mined may take: what vests by then can be asked for now."""

_WALLET_NETWORKS: dict[NetworkName, Any] = {"mainnet": "mainnet", "testnet": "testnet", "local": "devnet"}


class NothingDue(Conflict):
    """Nothing can be withdrawn now."""

    code = "nothing_due"


class NotCancelable(Conflict):
    """The stream cannot be cancelled, now or ever."""

    code = "not_cancelable"


class Paused(Conflict):
    """New streams are not taken now."""

    code = "paused"


class StreamService:
    """Streams as of the chain's time now."""

    def __init__(
        self,
        repository: StreamRepository,
        clock: ChainClock,
        policy: AccessPolicy,
        contracts: Contracts,
        network_name: NetworkName,
    ) -> None:
        self._repository = repository
        self._clock = clock
        self._policy = policy
        self._contracts = contracts
        self._network = Network.MAINNET if network_name == "mainnet" else Network.TESTNET
        self._wallet_network = _WALLET_NETWORKS[network_name]

    async def page(self, chosen: StreamFilter, *, limit: int = 20, cursor: str | None = None) -> StreamPage:
        """Return streams, newest first. Raises InvalidInput for a status, limit or cursor that does not exist."""
        if chosen.status is not None and chosen.status not in FILTERS:
            raise InvalidInput(f"A status is one of {', '.join(FILTERS)}.", field="status")
        if not 1 <= limit <= MAX_LIMIT:
            raise InvalidInput(f"A page has 1 to {MAX_LIMIT} streams.", field="limit")
        before = _before(cursor) if cursor else None
        now = await self._clock.now()
        found = await self._repository.page(chosen, now, before=before, limit=limit + 1)
        more = len(found) > limit
        items = [stream_json(document, now) for document in found[:limit]]
        return StreamPage(items=items, next_cursor=encode_cursor({"before": items[-1].stream_id}) if more else None)

    async def get(self, stream_id: int) -> Stream:
        """Return one stream. Raises NotFound."""
        now = await self._clock.now()
        return stream_json(await self._document(stream_id), now)

    def check_recipient(self, text: str) -> None:
        """Raise InvalidOrder unless a stream can be paid to `text`."""
        check_recipient(text, self._contracts, self._network)

    async def prepare_create(self, asked: PrepareCreate) -> PreparedCall:
        """Return the call that opens the stream. Raises InvalidOrder, or Paused where no new ones are taken."""
        order = order_of(asked)
        now = await self._clock.now()
        check_order(order, self._contracts, self._network, _tick(order.schedule.clock, now))
        terms = await self._policy.terms()
        if terms.paused:
            raise Paused("New streams are paused at the moment; running streams and withdrawals are not.")
        if not terms.finalized:
            raise Unavailable("The contracts are not in operation yet.")
        fee = creation_fee(order.amount, terms.creation_bps)
        call = core.open_stream(
            self._contracts,
            sender=order.sender,
            recipient=order.recipient,
            amount=order.amount,
            fee=fee,
            schedule=order.schedule,
            terms=order.terms,
        )
        figures = {"action": "create", "recipient": order.recipient, "amount": order.amount, "fee": fee}
        return self._prepared(call, {**figures, "total": order.amount + fee})

    async def prepare_withdraw(self, stream_id: int, sender: str) -> PreparedCall:
        """Return the call that pays all that is due to the holder; anyone may sign it. Raises NothingDue.

        It runs in a later block than the one we know, so at least what that block's first moment gives is paid.
        """
        check_wallet(sender, self._network)
        now = await self._clock.now()
        document = await self._document(stream_id)
        if not state_of(document, now.later(seconds=SIGNING_SECONDS, blocks=SIGNING_BLOCKS)).withdrawable:
            raise NothingDue(f"Nothing has vested on stream {stream_id} that was not withdrawn already.")
        state = state_of(document, now.later(seconds=1, blocks=1))
        at_least = max(state.withdrawable, 1)
        call = core.withdraw_from_stream(self._contracts, stream_id=stream_id, shown=at_least, owed=state.owed)
        figures = {"action": "withdraw", "streamId": stream_id, "holder": document["holder"]}
        return self._prepared(call, {**figures, "atLeast": at_least, "atMost": state.owed})

    async def prepare_cancel(self, stream_id: int, sender: str) -> PreparedCall:
        """Return the call that refunds what has not vested. Raises Forbidden, or NotCancelable with the reason."""
        check_wallet(sender, self._network)
        now = await self._clock.now()
        document = await self._document(stream_id)
        if document["sender"] != sender:
            raise Forbidden("Only the stream's sender can cancel it.")
        state = state_of(document, now)
        if state.status not in OPEN:
            raise NotCancelable(f"This stream is {state.status}: there is nothing left to refund.")
        if not document["cancelable"]:
            raise NotCancelable("The sender gave up the right to cancel this stream.")
        call = core.cancel_stream(self._contracts, stream_id=stream_id, refundable=state.refundable)
        figures = {"action": "cancel", "streamId": stream_id, "refundAtMost": state.refundable}
        return self._prepared(call, {**figures, "vested": state.vested})

    async def _document(self, stream_id: int) -> Document:
        found = await self._repository.get(stream_id) if 1 <= stream_id <= MAX_STREAM_ID else None
        if found is None:
            raise NotFound(f"There is no stream {stream_id}.")
        return found

    def _prepared(self, call: Call, summary: dict[str, Any]) -> PreparedCall:
        return PreparedCall(
            contract=call.contract_id,
            function_name=call.function,
            function_args=[clarity.to_hex(argument) for argument in call.args],
            post_conditions=[post_conditions.to_hex(condition) for condition in call.post_conditions],
            post_condition_mode="deny",
            network=self._wallet_network,
            summary=summary,
        )


def order_of(asked: PrepareCreate) -> Order:
    """Return the order that a request describes; unchecked."""
    schedule = Schedule(
        asked.clock, asked.start, asked.duration, asked.cliff, asked.upfront, asked.at_cliff, asked.step
    )
    terms = Terms(asked.cancelable, asked.transferable, asked.memo)
    return Order(asked.sender, asked.recipient, asked.amount, schedule, terms)


def stream_json(document: Document, now: Moment) -> Stream:
    """Return a stream's JSON at a moment."""
    state = state_of(document, now)
    computed = {
        "endBlock": end_block(document, now),
        "status": state.status,
        "vestedAmount": state.vested,
        "withdrawableAmount": state.withdrawable,
        "refundableAmount": state.refundable,
        "percentComplete": state.percent,
        "confirmed": is_confirmed(document, now),
    }
    names = {field.alias for field in Stream.model_fields.values()}
    stored = {name: value for name, value in document.items() if name in names}
    return Stream.model_validate({**stored, **computed})


def _tick(clock: str, now: Moment) -> int:
    return now.height if clock == "blocks" else now.time


def _before(cursor: str) -> int:
    before = decode_cursor(cursor).get("before")
    if not isinstance(before, int) or not 1 <= before <= MAX_STREAM_ID:
        raise InvalidInput("This page cursor is not one of ours; start again without it.")
    return before
