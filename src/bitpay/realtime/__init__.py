"""Sockets: rooms whose every message is numbered, so that a client that reconnects misses nothing.

Client to server (each is acknowledged with `{ok: true, room, epoch, offset}` or `{ok: false, code, message}`):

- `join-user-room` an address, or `{address, token?, epoch?, offset?}`: own address only, proven by the session cookie,
  by `auth: {token}` at connect, or by `token` here;
- `join-stream-room` an id, or `{streamId, epoch?, offset?}`; `leave-stream-room` likewise;
- `join-marketplace`, `join-treasury`: nothing, or `{epoch, offset}`.

Who names a position gets everything said in the room after it, in order, before anything new; or, where that cannot
be had whole, `room:reload` `{room, epoch, offset}`: read the state again and go on from that position. Server to
client: the events of the log, each with `room`, `epoch`, `offset` and `retracted` (its block left the chain); and
`chain:block` to everybody.
"""
