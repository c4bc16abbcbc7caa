"""Routes of streams: `/api/v1/streams`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from bitpay.http.services import provided
from bitpay.streams.repository import StreamFilter
from bitpay.streams.schemas import PrepareCreate, PreparedCall, PrepareForStream, Stream, StreamPage
from bitpay.streams.service import StreamService

router = APIRouter(prefix="/api/v1/streams", tags=["streams"])

Streams = Annotated[StreamService, Depends(provided(StreamService))]
StreamId = Annotated[int, Path(description="the stream's number")]
Party = Annotated[str | None, Query(max_length=200)]


@router.get("")
async def list_streams(
    streams: Streams,
    account: Annotated[str | None, Query(max_length=200, description="sender, first recipient or holder")] = None,
    sender: Party = None,
    recipient: Party = None,
    holder: Party = None,
    status: Annotated[str | None, Query(max_length=16, description="also: active, completed")] = None,
    limit: int = 20,
    cursor: Annotated[str | None, Query(max_length=512)] = None,
) -> StreamPage:
    """List streams, newest first."""
    chosen = StreamFilter(account, sender, recipient, holder, status)
    return await streams.page(chosen, limit=limit, cursor=cursor)


@router.get("/{stream_id}")
async def get_stream(stream_id: StreamId, streams: Streams) -> Stream:
    """Read one stream as it stands now."""
    return await streams.get(stream_id)


@router.post("/prepare-create")
async def prepare_create(asked: PrepareCreate, streams: Streams) -> PreparedCall:
    """Get the unsigned call that opens a stream; the payer sends amount and fee, no more and no less."""
    return await streams.prepare_create(asked)


@router.post("/{stream_id}/prepare-withdraw")
async def prepare_withdraw(stream_id: StreamId, asked: PrepareForStream, streams: Streams) -> PreparedCall:
    """Get the unsigned call that pays all that is due to the holder; anyone may sign it."""
    return await streams.prepare_withdraw(stream_id, asked.sender)


@router.post("/{stream_id}/prepare-cancel")
async def prepare_cancel(stream_id: StreamId, asked: PrepareForStream, streams: Streams) -> PreparedCall:
    """Get the unsigned call by which the sender cancels and is refunded what has not vested."""
    return await streams.prepare_cancel(stream_id, asked.sender)
