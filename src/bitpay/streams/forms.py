"""The form that opens a stream: what a person typed, what it means, what is wrong with which field. Pure.

Here text becomes numbers; whether the numbers make a stream is said by `orders.check_order`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bitpay.kit.errors import InvalidInput
from bitpay.kit.money import parse_sats, parse_sbtc
from bitpay.protocol.calls.terms import Schedule, Terms
from bitpay.protocol.curves import MAX_TIME
from bitpay.streams.orders import InvalidOrder, Order

UNITS = {"seconds": 1, "minutes": 60, "hours": 3_600, "days": 86_400, "weeks": 604_800, "blocks": 1}
"""Clock ticks in one unit; blocks tick on the blocks clock, all others on the seconds clock."""

_DEFAULTS = {
    "recipient": "",
    "amount": "",
    "duration": "30",
    "unit": "days",
    "start": "",
    "upfront": "",
    "cliff": "",
    "cliff_unit": "days",
    "at_cliff": "",
    "step": "",
    "step_unit": "days",
    "memo": "",
    "cancelable": "on",
    "transferable": "on",
}
_SWITCHES = ("cancelable", "transferable")
_REQUIRED = {
    "recipient": "Who is paid? Give a Stacks address.",
    "amount": "How much? Give an amount of sBTC.",
    "duration": "How long does it take until all has vested?",
}
_WORDS = {"recipient", "memo"}
_FIELDS = {"atCliff": "at_cliff"}
"""Fields whose name in JSON differs."""
_WHOLE = re.compile(r"[0-9]{1,13}")
_MAX_LENGTH = 300


@dataclass(slots=True)
class StreamForm:
    """The values as typed and the errors found (sentences), both by field name, and the order they make."""

    values: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    order: Order | None = None
    """Present as soon as amount and duration make sense."""

    @property
    def is_shaped(self) -> bool:
        """Whether anything makes the curve other than a straight line from now."""
        return any(self.values[name] for name in ("start", "upfront", "cliff", "at_cliff", "step"))

    @property
    def clock(self) -> str:
        """The clock that the unit of the duration stands for."""
        return "blocks" if self.values["unit"] == "blocks" else "seconds"

    @property
    def first_error(self) -> str:
        """The topmost field with an error, "" where there is none."""
        return next((name for name in self.values if name in self.errors), "")

    @property
    def is_drawable(self) -> bool:
        """Whether amounts and times make a curve, whoever is paid."""
        return self.order is not None and not self.errors.keys() - _WORDS

    def refuse(self, error: InvalidOrder) -> None:
        """Put the sentence of a refused order at its field, unless that is still empty."""
        name = _FIELDS.get(error.details["field"], error.details["field"])
        if self.values.get(name, name):
            self.errors.setdefault(name, error.message)

    def demand(self) -> None:
        """Make whatever is needed and missing an error."""
        self.errors |= {name: sentence for name, sentence in _REQUIRED.items() if not self.values[name]}


def read_form(given: Mapping[str, str], sender: str) -> StreamForm:
    """Read the query of the form's page. What is still empty is no error yet."""
    form = StreamForm({name: given.get(name, default).strip()[:_MAX_LENGTH] for name, default in _DEFAULTS.items()})
    if "unit" in given:  # the form was sent, and a box that is not ticked is not sent
        form.values.update({name: given.get(name, "") for name in _SWITCHES})
    for unit in ("unit", "cliff_unit", "step_unit"):
        if form.values[unit] not in UNITS:
            form.values[unit] = "days"
    amount, duration = _sats(form, "amount"), _ticks(form, "duration", "unit")
    schedule = _schedule(form, duration or 1)
    if amount is not None and duration is not None:
        values = form.values
        terms = Terms(bool(values["cancelable"]), bool(values["transferable"]), values["memo"])
        form.order = Order(sender, values["recipient"], amount, schedule, terms)
    return form


def _schedule(form: StreamForm, duration: int) -> Schedule:
    return Schedule(
        clock=form.clock,
        start=_start(form),
        duration=duration,
        cliff=_ticks(form, "cliff", "cliff_unit") or 0,
        upfront=_sats(form, "upfront") or 0,
        at_cliff=_sats(form, "at_cliff") or 0,
        step=_ticks(form, "step", "step_unit") or 1,
    )


def _sats(form: StreamForm, name: str) -> int | None:
    """Read sBTC, or sats where the text says so ("2500 sats")."""
    text = form.values[name].replace(",", ".")
    if not text:
        return None
    try:
        bare = text.removesuffix("sats").removesuffix("sat").strip()
        return parse_sbtc(text) if bare == text else parse_sats(bare)
    except InvalidInput as error:
        form.errors[name] = error.message
        return None


def _ticks(form: StreamForm, name: str, unit: str) -> int | None:
    text = form.values[name]
    if not text:
        return None
    size = 1 if form.clock == "blocks" else UNITS[form.values[unit]]
    if not _WHOLE.fullmatch(text) or not 1 <= int(text) * size <= MAX_TIME:
        form.errors[name] = "Give a whole number above zero; for a fraction choose a smaller unit."
        return None
    return int(text) * size


def _start(form: StreamForm) -> int | None:
    text = form.values["start"]
    if not text:
        return None
    try:
        if form.clock == "blocks":
            return _bounded(int(text) if _WHOLE.fullmatch(text) else -1)
        return _bounded(int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()))
    except (ValueError, OverflowError):
        wanted = "a block height" if form.clock == "blocks" else "a date and time in UTC"
        form.errors["start"] = f"Give {wanted}, or leave it empty to start at once."
        return None


def _bounded(tick: int) -> int:
    if not 0 <= tick <= MAX_TIME:
        raise ValueError(tick)
    return tick
