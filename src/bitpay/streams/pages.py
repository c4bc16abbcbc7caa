"""Pages of streams: start page, an account's streams, one stream, the form that opens one."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from bitpay.access.policy import AccessPolicy
from bitpay.accounts.balances import BalanceReader
from bitpay.accounts.schemas import Balances
from bitpay.http.formats import moment
from bitpay.http.services import provided
from bitpay.http.templates import Frame, Templates, link
from bitpay.kit.errors import BitPayError, InvalidInput, Unavailable
from bitpay.kit.money import format_sats, format_sbtc
from bitpay.protocol.curves import Curve
from bitpay.protocol.fees import creation_fee
from bitpay.stacks.addresses import parse_principal
from bitpay.stacks.errors import StacksError
from bitpay.streams import charts
from bitpay.streams.example import example_stream
from bitpay.streams.forms import StreamForm, read_form
from bitpay.streams.history import StreamHistory
from bitpay.streams.orders import InvalidOrder, Order
from bitpay.streams.repository import StreamFilter
from bitpay.streams.schemas import PrepareCreate, PreparedCall
from bitpay.streams.service import StreamService
from bitpay.streams.views import StreamView, pace

TEMPLATES = FilePath(__file__).with_name("templates")

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

Pages = Annotated[Templates, Depends(provided(Templates))]
Streams = Annotated[StreamService, Depends(provided(StreamService))]
Reader = Annotated[BalanceReader, Depends(provided(BalanceReader))]
Policy = Annotated[AccessPolicy, Depends(provided(AccessPolicy))]
History = Annotated[StreamHistory, Depends(provided(StreamHistory))]
Account = Annotated[str, Query(max_length=200)]
Cursor = Annotated[str | None, Query(max_length=512)]
Status = Literal["", "pending", "streaming", "settled", "cancelled", "depleted", "active", "completed"]

_PER_SIDE = 12
_PREVIEW_HEIGHT = 240


@dataclass(frozen=True, slots=True)
class Side:
    """One column of an account's streams. `sum` is in sats, `next` the link to older ones, "" at the end."""

    key: Literal["incoming", "outgoing"]
    streams: Sequence[StreamView]
    next: str
    is_first: bool

    @property
    def sum(self) -> int:
        """What is withdrawable (incoming) or not yet vested (outgoing), over all streams shown."""
        if self.key == "incoming":
            return sum(view.stream.withdrawable_amount for view in self.streams)
        return sum(view.remaining for view in self.streams)


@dataclass(frozen=True, slots=True)
class Preview:
    """A stream that is about to be created: its curve as SVG paths, fee and total in sats, the rest in words."""

    line: str
    area: str
    fee: int
    total: int
    pace: str
    begins: str
    ends: str


@router.get("/")
async def home(request: Request, pages: Pages, account: Account = "") -> HTMLResponse:
    """Say what BitPay is, with a stream that runs, and the way in."""
    frame = await pages.frame()
    example = StreamView.of(example_stream(frame.now), "", frame)
    return await pages.page(request, "streams/home.html", account=account, example=example)


@router.get("/streams")
async def account_streams(
    request: Request,
    pages: Pages,
    streams: Streams,
    reader: Reader,
    account: Account = "",
    status: Status = "",
    incoming: Cursor = None,
    outgoing: Cursor = None,
) -> HTMLResponse:
    """Show the streams to an account and from it."""
    if not account:
        return await pages.page(request, "streams/choose.html", title="Whose streams?")
    _check_account(account)
    frame = await pages.frame()
    *sides, balances = await asyncio.gather(
        _side(streams, frame, account, status, "incoming", incoming),
        _side(streams, frame, account, status, "outgoing", outgoing),
        _balances(reader, account),
    )
    shown = {view.id for side in sides for view in side.streams}
    return await pages.page(
        request,
        "streams/list.html",
        account=account,
        balances=balances,
        sides=sides,
        shown=" ".join(map(str, sorted(shown))),
        chosen=status,
        here=_here(request),
    )


@router.get("/streams/new")
async def new_stream(
    request: Request, pages: Pages, streams: Streams, reader: Reader, policy: Policy, account: Account = ""
) -> HTMLResponse:
    """Show the form that opens a stream, checked and drawn; `final` asks for the call to sign."""
    if not account:
        return await pages.page(request, "streams/choose.html", title="Who pays?")
    _check_account(account)
    form = read_form(request.query_params, account)
    is_final = "final" in request.query_params
    if is_final:
        form.demand()
    call, problem = await _prepare(streams, form)
    terms, balances = await asyncio.gather(policy.terms(), _balances(reader, account))
    preview = _preview(form, await pages.frame(), terms.creation_bps)
    problem = problem or _shortfall(preview, balances)
    if is_final and form.errors:
        problem = problem or "Something is missing or wrong: see the marked fields."
    return await pages.page(
        request,
        "streams/new.html",
        account=account,
        form=form,
        problem=problem,
        refused=form.first_error if is_final else "",
        prepared=call.model_dump_json(by_alias=True) if call and is_final and not problem else "",
        fee_bps=terms.creation_bps,
        balances=balances,
        preview=preview,
    )


@router.get("/streams/{stream_id}")
async def one_stream(
    request: Request, pages: Pages, streams: Streams, history: History, stream_id: int, account: Account = ""
) -> HTMLResponse:
    """Show one stream: where it stands, its curve, its terms and what happened to it."""
    frame = await pages.frame()
    stream, entries = await asyncio.gather(streams.get(stream_id), history.of(stream_id))
    view = StreamView.of(stream, account, frame)
    return await pages.page(
        request, "streams/detail.html", account=account, stream=view, history=entries, here=_here(request)
    )


async def _side(
    streams: StreamService,
    frame: Frame,
    account: str,
    status: Status,
    key: Literal["incoming", "outgoing"],
    cursor: str | None,
) -> Side:
    party = {"holder": account} if key == "incoming" else {"sender": account}
    chosen = StreamFilter(**party, status=status or None)
    page = await streams.page(chosen, limit=_PER_SIDE, cursor=cursor)
    older = link("/streams", account=account, status=status, **{key: page.next_cursor}) if page.next_cursor else ""
    views = [StreamView.of(stream, account, frame) for stream in page.items]
    return Side(key, views, older, is_first=cursor is None)


async def _balances(reader: BalanceReader, account: str) -> Balances | None:
    """Return what the account holds; None while the node does not answer, for the rest can be shown."""
    try:
        return await reader.read(account)
    except Unavailable:
        return None


async def _prepare(streams: StreamService, form: StreamForm) -> tuple[PreparedCall | None, str]:
    """Return the call that the form asks for, or None with a sentence where no single field is to blame."""
    try:
        if form.values["recipient"]:
            streams.check_recipient(form.values["recipient"])
        if form.order is None or form.errors:
            return None, ""
        return await streams.prepare_create(_asked(form.order)), ""
    except InvalidOrder as error:
        if error.details["field"] == "sender":
            return None, error.message
        form.refuse(error)
        return None, ""
    except BitPayError as error:
        return None, error.message


def _asked(order: Order) -> PrepareCreate:
    schedule, terms = order.schedule, order.terms
    return PrepareCreate(
        sender=order.sender,
        recipient=order.recipient,
        amount=order.amount,
        clock=schedule.clock,
        start=schedule.start,
        duration=schedule.duration,
        cliff=schedule.cliff,
        upfront=schedule.upfront,
        at_cliff=schedule.at_cliff,
        step=schedule.step,
        cancelable=terms.cancelable,
        transferable=terms.transferable,
        memo=terms.memo,
    )


def _preview(form: StreamForm, frame: Frame, bps: int) -> Preview | None:
    if form.order is None or not form.is_drawable:
        return None
    schedule, amount = form.order.schedule, form.order.amount
    fee = creation_fee(amount, bps)
    curve = form.order.curve(frame.now if schedule.clock == "seconds" else frame.height)
    begins, ends = _ends(curve, schedule.clock)
    return Preview(
        line=charts.path(curve, _PREVIEW_HEIGHT),
        area=charts.area(curve, _PREVIEW_HEIGHT),
        fee=fee,
        total=amount + fee,
        pace=pace(curve, schedule.clock),
        begins="Now" if schedule.start is None else begins,
        ends=ends,
    )


def _shortfall(preview: Preview | None, balances: Balances | None) -> str:
    """Return a sentence where the account cannot pay what the preview says."""
    if preview is None or balances is None or preview.total <= balances.sbtc:
        return ""
    return f"This needs {format_sbtc(preview.total)} sBTC; you hold {format_sbtc(balances.sbtc)}."


def _ends(curve: Curve, clock: str) -> tuple[str, str]:
    if clock == "blocks":
        return f"Block {format_sats(curve.start)}", f"Block {format_sats(curve.end)}"
    return moment(curve.start), moment(curve.end)


def _check_account(account: str) -> None:
    try:
        parse_principal(account)
    except StacksError as error:
        raise InvalidInput("This is not a Stacks address. Check it for a typing error.") from error


def _here(request: Request) -> str:
    return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
