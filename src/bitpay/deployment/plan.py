"""Who governs after the finalisation."""

from collections.abc import Sequence
from dataclasses import dataclass

from bitpay.kit.errors import InvalidInput
from bitpay.stacks.addresses import parse_principal
from bitpay.stacks.errors import AddressInvalid
from bitpay.stacks.network import Network

MAX_MEMBERS = 10


@dataclass(frozen=True, slots=True)
class Plan:
    """Who will govern: at most ten admins, `threshold` of them decide; operators may pause."""

    admins: Sequence[str]
    threshold: int
    operators: Sequence[str] = ()

    def check(self, network: Network) -> None:
        """Raise InvalidInput where the contracts would refuse this plan, or an address is another network's."""
        for role, members in (("admin", self.admins), ("operator", self.operators)):
            for member in members:
                _check_member(role, member, network)
            if len(set(members)) != len(members) or len(members) > MAX_MEMBERS:
                raise InvalidInput(f"There are at most {MAX_MEMBERS} {role}s, each named once.")
        if not 1 <= self.threshold <= len(self.admins):
            raise InvalidInput(f"The threshold lies between 1 and the number of admins, {len(self.admins)}.")


def _check_member(role: str, member: str, network: Network) -> None:
    try:
        principal = parse_principal(member)
    except AddressInvalid as error:
        raise InvalidInput(f"{member!r} is no address, so it cannot be an {role}.") from error
    if principal.network is not network:
        raise InvalidInput(f"{member} belongs to another network, so it cannot be an {role}.")
