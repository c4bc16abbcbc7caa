"""Invariant 10 of docs/contracts.md, judged from the events alone: who is an admin, and which approvals count."""

from collections.abc import Mapping
from typing import Any

from tests.properties.stage import Seen

TIMELOCK = 86_400
LIFETIME = 604_800


class Council:
    """The admins' decisions as the events tell them."""

    def __init__(self) -> None:
        self.terms: dict[str, int] = {}
        self.threshold = 0
        self.created: dict[int, int] = {}
        self.approvals: dict[int, dict[str, int]] = {}
        self.enough_since: dict[int, int | None] = {}

    def add(self, seen: Seen) -> None:
        """Take in one step; an execution is judged by what was so before it."""
        executed = [fields for _, name, fields in seen.events if name == "proposal-executed"]
        for fields in executed:
            self._judge(fields["proposal-id"], seen.time)
        for _, name, fields in seen.events:
            self._follow(name, fields, seen.time)
        if self.threshold:
            assert len(self.terms) >= self.threshold, f"10: {len(self.terms)} admins cannot give {self.threshold}"

    def _judge(self, proposal_id: int, time: int) -> None:
        counting = self._count(proposal_id)
        since = self.enough_since[proposal_id]
        assert counting >= self.threshold, f"10: executed with {counting} of {self.threshold} approvals"
        assert since is not None, f"10: proposal {proposal_id} never had enough approvals"
        assert time >= since + TIMELOCK, f"10: executed {time - since} s after it was approved"
        assert time < self.created[proposal_id] + LIFETIME, "10: executed after it had expired"

    def _follow(self, name: str, fields: Mapping[str, Any], time: int) -> None:
        if name == "finalized":
            self.terms = {admin: term for term, admin in enumerate(fields["admins"], start=1)}
            self.threshold = fields["threshold"]
        elif name == "admin-added":
            self.terms[fields["admin"]] = fields["term"]
        elif name == "admin-removed":
            del self.terms[fields["admin"]]
        elif name == "threshold-changed":
            self.threshold = fields["threshold"]
        else:
            self._follow_proposal(name, fields, time)

    def _follow_proposal(self, name: str, fields: Mapping[str, Any], time: int) -> None:
        if name == "proposal-created":
            self.created[fields["proposal-id"]] = time
            self.enough_since[fields["proposal-id"]] = None
            self._approve(fields["proposal-id"], fields["proposer"], time)
        elif name == "proposal-approved":
            self._approve(fields["proposal-id"], fields["admin"], time)
        elif name == "approval-revoked":
            del self.approvals[fields["proposal-id"]][fields["admin"]]

    def _approve(self, proposal_id: int, admin: str, time: int) -> None:
        """Note since when a proposal has had enough: since an approval last raised the count to the threshold."""
        before = self._count(proposal_id)
        self.approvals.setdefault(proposal_id, {})[admin] = self.terms[admin]
        short_before = before < self.threshold or self.enough_since[proposal_id] is None
        if self._count(proposal_id) >= self.threshold and short_before:
            self.enough_since[proposal_id] = time

    def _count(self, proposal_id: int) -> int:
        given = self.approvals.get(proposal_id, {})
        return sum(self.terms.get(admin) == term for admin, term in given.items())
