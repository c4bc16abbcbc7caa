"""docs/mutants.md: how many changes of the contracts the tests notice, and every one that they do not."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from scripts.mutant_recording import ROOT, STEPS, STORIES
from scripts.mutant_trial import Trial
from scripts.mutations import Mutation
from scripts.survivors import ACCEPTED, EQUIVALENT

from bitpay.protocol.ids import NAMES

DOCUMENT = ROOT / "docs" / "mutants.md"
INTRODUCTION = f"""\
# Which changes of the contracts the tests notice

Written by `make mutants`. Each change turns one operator, constant, check, effect, field or argument of a contract into
another. It is deployed, and everything is asked of it that {STORIES} stories of the property tests ({STEPS} steps each)
and the tests in `tests/contracts` ask of the real contracts. A story compares all answers, events and state with a
model of the protocol, so one different answer there fails it; where only answers in `tests/contracts` differ, those
tests are run against the change, and must fail.

- **Do not deploy**: the VM's own checks refuse the change; no test is needed.
- **Equivalent**: the changed contract does the same as the real one, whatever anyone calls; each is explained below.
- **Score**: killed, of those that deploy and are not equivalent.
"""


def document(everything: Sequence[Mutation], trials: Mapping[str, Trial]) -> str:
    """Return the page."""
    tried = [one for one in everything if one.key in trials]
    partly = "" if len(tried) == len(everything) else f"\nA sample so far: {len(tried)} of {len(everything)} changes.\n"
    lines = [*_table(everything, trials), "", "## Survivors", "", *_survivors(tried, trials)]
    return INTRODUCTION + partly + "\n" + "\n".join(lines) + "\n"


def _table(everything: Sequence[Mutation], trials: Mapping[str, Trial]) -> Iterator[str]:
    yield "| contract | changes | tried | do not deploy | equivalent | killed | survived | score |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|"
    total: Counter[str] = Counter()
    for name in NAMES:
        counts = _counts([one for one in everything if one.contract == name], trials)
        total.update(counts)
        yield _row(name, counts)
    yield _row("all", total)


def _counts(of_contract: Sequence[Mutation], trials: Mapping[str, Trial]) -> Counter[str]:
    counts = Counter(changes=len(of_contract))
    for one in of_contract:
        trial = trials.get(one.key)
        if trial is not None:
            equivalent = trial.status == "survived" and one.key in EQUIVALENT
            counts.update(["tried", "equivalent" if equivalent else trial.status])
    return counts


def _row(name: str, counts: Counter[str]) -> str:
    judged = counts["killed"] + counts["survived"]
    score = f"{counts['killed'] / judged:.1%}" if judged else "-"
    columns = ("changes", "tried", "unviable", "equivalent", "killed", "survived")
    return f"| {name} | " + " | ".join(f"{counts[column]:,}" for column in columns) + f" | {score} |"


def _survivors(tried: Sequence[Mutation], trials: Mapping[str, Trial]) -> Iterator[str]:
    survivors = [one for one in tried if trials[one.key].status == "survived"]
    if not survivors:
        yield "None."
    for one in survivors:
        why = EQUIVALENT.get(one.key) or ACCEPTED.get(one.key)
        kind = "equivalent" if one.key in EQUIVALENT else trials[one.key].by
        yield f"- {one.contract} line {one.line}, `{one.function}`, {one.what}: `{one.original}` => `{one.replacement}`"
        yield f"  ({kind}): {why or '**not explained**'}"
