"""The protocol as a pure function, written from its description alone: the oracle of the property tests.

`perform(state, call, contract, function, args)` says what must be answered and what is so afterwards. Where a call
must be refused it names every reason that holds; the contracts may give any one of them.
"""

from tests.properties.model.perform import PUBLIC, Answer, perform
from tests.properties.model.state import ANY_REASON, Call, Event, Refusal, State, Stream

__all__ = ["ANY_REASON", "PUBLIC", "Answer", "Call", "Event", "Refusal", "State", "Stream", "perform"]
