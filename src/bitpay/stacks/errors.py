"""What can go wrong with Stacks data, as types."""

from __future__ import annotations


class StacksError(Exception):
    """The family of every error this package raises on purpose."""


class AddressInvalid(StacksError):
    """A text is not an address or principal, or an address has a version this network does not use."""


class NameInvalid(StacksError):
    """A contract, function, asset or tuple-key name breaks Clarity's naming rules."""


class ValueInvalid(StacksError):
    """A value that the chain cannot hold: out of range, too long, too deep, wrong characters; a hash or height."""


class TransactionInvalid(StacksError):
    """A transaction whose parts contradict each other or exceed the format's ranges."""


class KeyInvalid(StacksError):
    """A private key, public key, mnemonic or derivation path that does not exist on the curve or the standard."""


class SignatureInvalid(StacksError):
    """A signature that is malformed, not canonical (high S), or made by another key."""


class DecodeError(StacksError):
    """Bytes or text that are not what they claim to be.

    `offset` counts bytes (for text: characters) from the start of the input, `field` names what was being read.
    """

    def __init__(self, message: str, *, offset: int, field: str) -> None:
        super().__init__(f"{message} ({field}, at offset {offset})")
        self.offset = offset
        self.field = field
