"""What a stream is opened with. Amounts are sats; times are ticks of the stream's clock, seconds or blocks."""

from dataclasses import dataclass

from bitpay.stacks import clarity


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a stream vests: `start` None means now, resolved on chain. Ticks are seconds or blocks, as `clock` says."""

    clock: str
    start: int | None
    duration: int
    cliff: int = 0
    upfront: int = 0
    at_cliff: int = 0
    step: int = 1

    def value(self) -> clarity.Tuple:
        """Return the protocol's SCHEDULE tuple."""
        return clarity.tuple_(
            {
                "clock": clarity.ascii(self.clock),
                "start": optional_uint(self.start),
                "duration": clarity.uint(self.duration),
                "cliff": clarity.uint(self.cliff),
                "upfront": clarity.uint(self.upfront),
                "at-cliff": clarity.uint(self.at_cliff),
                "step": clarity.uint(self.step),
            }
        )


@dataclass(frozen=True, slots=True)
class Terms:
    """What sender and holder may do, and a note of at most 64 characters."""

    cancelable: bool = True
    transferable: bool = True
    memo: str = ""

    def value(self) -> clarity.Tuple:
        """Return the protocol's TERMS tuple."""
        return clarity.tuple_(
            {
                "cancelable": clarity.bool_(self.cancelable),
                "transferable": clarity.bool_(self.transferable),
                "memo": clarity.utf8(self.memo),
            }
        )


@dataclass(frozen=True, slots=True)
class NewStream:
    """One stream of several that are opened together; `amount` in sats, without the fee."""

    recipient: str
    amount: int
    schedule: Schedule
    terms: Terms

    def value(self) -> clarity.Tuple:
        """Return one of the orders that `open-streams` takes."""
        return clarity.tuple_(
            {
                "recipient": clarity.principal(self.recipient),
                "amount": clarity.uint(self.amount),
                "schedule": self.schedule.value(),
                "terms": self.terms.value(),
            }
        )


def optional_uint(number: int | None) -> clarity.Value:
    """Return an `(optional uint)`."""
    return clarity.optional(None if number is None else clarity.uint(number))
