"""What the contracts print, against the schema. (Types are checked wherever a test's world reads an event.)"""

import re

from bitpay.protocol.events import schema
from bitpay.protocol.ids import NAMES
from bitpay.protocol.sources import source

_PRINT = re.compile(r"\(print \{(.*?)\}\)", re.DOTALL)
_FIELD = re.compile(r"([a-z0-9-]+): ")


def printed(contract: str) -> dict[str, set[str]]:
    """Event name -> field names, as the source has them."""
    events = {}
    for body in _PRINT.findall(source(contract)):
        fields = set(_FIELD.findall(body))
        assert {"event", "v"} <= fields, body
        assert "v: u1" in body, body
        (name,) = re.findall(r'event: "([a-z-]+)"', body)
        assert name not in events, f"{contract} prints {name} in two places"
        events[name] = fields - {"event", "v"}
    return events


def test_the_contracts_print_exactly_the_events_of_the_schema() -> None:
    wanted = {contract: {name: set(fields) for name, fields in events.items()} for contract, events in schema().items()}

    assert {contract: printed(contract) for contract in NAMES} == wanted


def test_names_of_events_fit_their_type() -> None:
    assert all(len(name) <= 32 for events in schema().values() for name in events)
