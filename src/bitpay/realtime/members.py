"""Who listens to which room, how far each has been told, and how a laggard is brought up to date.

What is said reaches a member once and in order: a repeat is skipped, a gap is filled from the log before anything newer
is sent, and where the log cannot fill it the member is told to reload.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import structlog

from bitpay.kit.errors import Conflict
from bitpay.realtime.log import Position, RoomLog, Said

Post = Callable[[Iterable[str], str, dict[str, Any]], None]

RELOAD = "room:reload"
MAX_ROOMS = 100
"""Rooms that one connection may listen to."""

_LOG = structlog.get_logger(__name__)
_HELD = 1_000
"""Messages kept for a member while the log is read for it; beyond that it reads the log again."""


@dataclass(slots=True)
class Member:
    """One connection in one room. While `held` is a list, what is said waits there."""

    sid: str
    room: str
    position: Position
    held: list[Said] | None = field(default_factory=list)


class Members:
    """The members of all rooms on this node. `post` hands a message to connections without waiting."""

    def __init__(self, log: RoomLog, post: Post) -> None:
        self._log = log
        self._post = post
        self._rooms: dict[str, dict[str, Member]] = defaultdict(dict)
        self._joined: dict[str, set[str]] = defaultdict(set)
        self._tasks: set[asyncio.Task[None]] = set()

    async def join(self, sid: str, room: str, read: Position | None) -> Position:
        """Let a connection listen from the position it has read to, or from now; return where it stands then.

        What it missed has been posted when this returns. Raises Conflict beyond the bound on rooms.
        """
        if room not in self._joined[sid] and len(self._joined[sid]) >= MAX_ROOMS:
            raise Conflict(f"One connection may listen to {MAX_ROOMS} rooms; leave one first.")
        self._joined[sid].add(room)
        member = self._rooms[room][sid] = Member(sid, room, read or Position("", 0))
        if read is None:
            member.position = await self._log.position(room)
            self._release(member)
        else:
            await self._catch_up(member)
        return member.position

    def leave(self, sid: str, room: str) -> None:
        """Stop listening to one room."""
        self._joined[sid].discard(room)
        self._remove(sid, room)

    def drop(self, sid: str) -> None:
        """Forget a connection that has ended."""
        for room in self._joined.pop(sid, ()):
            self._remove(sid, room)

    def deliver(self, said: Said) -> None:
        """Post one message to everybody in its room whose turn it is."""
        members = self._rooms.get(said.room)
        if not members:
            return
        due = [member for member in members.values() if self._is_next(member, said)]
        for member in due:
            member.position = Position(said.epoch, said.offset)
        self._post([member.sid for member in due], said.event, said.payload())

    async def check(self) -> None:
        """Bring everybody up to date who was told less than the log says: the net under the change stream."""
        for room in list(self._rooms):
            now = await self._log.position(room)
            for member in list(self._rooms.get(room, {}).values()):
                if member.held is None and member.position != now and not _is_ahead(member.position, now):
                    member.held = []
                    await self._catch_up(member)

    async def stop(self) -> None:
        """End the work that is under way."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _is_next(self, member: Member, said: Said) -> bool:
        if member.held is not None:
            if len(member.held) < _HELD:
                member.held.append(said)
            return False
        follows = said.epoch == member.position.epoch
        if follows and said.offset == member.position.offset + 1:
            return True
        if not follows or said.offset > member.position.offset:
            member.held = []
            self._start(self._catch_up(member))
        return False

    async def _catch_up(self, member: Member) -> None:
        """Post what the member missed, or the order to reload; then what was said meanwhile."""
        try:
            missed = await self._log.since(member.room, member.position.epoch, member.position.offset)
            if missed is None:
                member.position = await self._log.position(member.room)
                told = {"room": member.room, "epoch": member.position.epoch, "offset": member.position.offset}
                self._post([member.sid], RELOAD, told)
        except BaseException:
            self.leave(member.sid, member.room)
            self._post([member.sid], RELOAD, {"room": member.room, "epoch": "", "offset": 0})
            raise
        for said in missed or ():
            self._tell(member, said)
        self._release(member)

    def _release(self, member: Member) -> None:
        held, member.held = member.held or [], None
        for said in held:
            if self._is_next(member, said):
                self._tell(member, said)

    def _tell(self, member: Member, said: Said) -> None:
        member.position = Position(said.epoch, said.offset)
        self._post([member.sid], said.event, said.payload())

    def _start(self, work: Any) -> None:  # noqa: ANN401 - a coroutine
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.error("catch_up_failed", error=repr(error))

    def _remove(self, sid: str, room: str) -> None:
        members = self._rooms.get(room, {})
        members.pop(sid, None)
        if not members:
            self._rooms.pop(room, None)


def _is_ahead(told: Position, now: Position) -> bool:
    """Tell whether a position was read before the member was told more."""
    return told.epoch == now.epoch and told.offset > now.offset
