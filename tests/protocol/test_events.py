"""Events are believed only in the shape that the schema gives them."""

import pytest

from bitpay.protocol.events import UnknownEvent, decode_event, schema
from bitpay.protocol.ids import NAMES
from bitpay.stacks import clarity

WHO = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM"


def renounced(**changes: clarity.Value) -> bytes:
    fields: dict[str, clarity.Value] = {
        "event": clarity.ascii("stream-renounced"),
        "v": clarity.uint(1),
        "stream-id": clarity.uint(7),
        "sender": clarity.principal(WHO),
    }
    return clarity.encode(clarity.tuple_(fields | {name.replace("_", "-"): value for name, value in changes.items()}))


def test_an_event_becomes_plain_python() -> None:
    event = decode_event("bitpay-core", renounced())
    assert (event.contract, event.name, event.version) == ("bitpay-core", "stream-renounced", 1)
    assert event.fields == {"stream-id": 7, "sender": WHO}


@pytest.mark.parametrize(
    "raw",
    [
        renounced(v=clarity.uint(2)),
        renounced(event=clarity.ascii("stream-doubled")),
        renounced(event=clarity.utf8("stream-renounced")),
        renounced(stream_id=clarity.int_(7)),
        renounced(extra=clarity.TRUE),
        clarity.encode(clarity.uint(1)),
        clarity.encode(clarity.tuple_({"event": clarity.ascii("stream-renounced"), "v": clarity.uint(1)})),
        b"",
        b"\xff",
    ],
)
def test_anything_else_is_refused(raw: bytes) -> None:
    with pytest.raises(UnknownEvent):
        decode_event("bitpay-core", raw)


def test_an_event_of_another_contract_is_refused() -> None:
    with pytest.raises(UnknownEvent):
        decode_event("bitpay-treasury", renounced())


def test_the_schema_names_our_contracts_only() -> None:
    assert set(schema()) == set(NAMES)
