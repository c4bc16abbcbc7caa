"""The browser's clock follows the chain: never back, never ahead of the next block for long, whatever blocks do."""

from collections.abc import Callable
from itertools import pairwise
from random import Random

import pytest
from tests.web.web_samples import Node

_RUN = """
import { RunningClock } from "@src/http/web/clock";
type Heard = { at: number; block: number };
function answer({ page, heard, look }: { page: number; heard: Heard[]; look: number[] }) {
  const clock = new RunningClock();
  clock.set(page * 1000, page * 1000, 0);
  const due = [...heard];
  return look.map((at) => {
    while (due.length && due[0].at <= at) { const { at: when, block } = due.shift(); clock.hear(block * 1000, when); }
    return clock.now(at);
  });
}
"""
_START = 1_000_000
_FRAME_MS = 50
_LAG = 1_000

Shown = list[tuple[int, float]]
Watch = Callable[[list[tuple[int, int]], int], Shown]


@pytest.fixture
def shown(in_node: Node) -> Watch:
    """What a page shows, as (ms since it came, chain time in ms since its first block), for blocks (at ms, time s)."""

    def run(blocks: list[tuple[int, int]], until: int) -> Shown:
        look = list(range(0, until, _FRAME_MS))
        heard = [{"at": at, "block": _START + time} for at, time in blocks]
        times = in_node(_RUN, {"page": _START, "heard": heard, "look": look})
        return [(at, time - _START * 1000) for at, time in zip(look, times, strict=True)]

    return run


def _never_back(shown: Shown) -> None:
    assert all(before <= after for (_, before), (_, after) in pairwise(shown))


def _at(shown: Shown, moment: int) -> float:
    return next(time for at, time in shown if at >= moment)


def test_between_blocks_it_runs_on_and_shows_no_more_than_the_next_block_gives(shown: Watch) -> None:
    random = Random(5)  # noqa: S311 - the same blocks every time
    wall = [random.randrange(number * 5_000, number * 5_000 + 3_000) for number in range(1, 40)]
    blocks = [(at + random.randrange(50, 900), at // 1000) for at in wall]
    seen = shown(blocks, 200_000)
    _never_back(seen)
    assert all(at - 2_600 < time <= at for at, time in seen[60:])
    for at in wall:  # a block mined at this moment has at least what was shown
        assert _at(seen, at - _FRAME_MS) <= at // 1000 * 1000


def test_what_a_page_came_with_is_not_taken_back(shown: Watch) -> None:
    assert shown([], 2_000)[0][1] == 0
    assert shown([], 3_000)[-1][1] == pytest.approx(3_000 - _LAG, abs=2 * _FRAME_MS)


def test_warped_time_is_followed_at_once(shown: Watch) -> None:
    seen = shown([(5_000, 5), (10_000, 86_410)], 12_000)
    _never_back(seen)
    assert _at(seen, 10_000) == 86_410_000 - _LAG


def test_a_burst_of_blocks_ahead_of_everybodys_clock_is_waited_for(shown: Watch) -> None:
    burst = [(5_000 + number * 30, 5 + number) for number in range(20)]
    after = [(at, max(25 + number, at // 1000)) for number, at in enumerate(range(10_000, 150_000, 5_000))]
    seen = shown([*burst, *after], 150_000)
    _never_back(seen)
    assert _at(seen, 149_000) <= 149_000 + 2_500


def test_late_blocks_do_not_hold_it_up(shown: Watch) -> None:
    blocks = [(5_000, 5), (19_000, 10), (20_500, 15), (21_000, 20), (25_100, 25), (30_100, 30)]
    seen = shown(blocks, 32_000)
    _never_back(seen)
    assert _at(seen, 31_000) == pytest.approx(31_000 - _LAG, abs=500)


def test_a_chain_that_stands_still_shows_a_time_that_stands_still(shown: Watch) -> None:
    seen = shown([(5_000, 5)], 600_000)
    assert seen[-1][1] == 65_000 - _LAG
    _never_back(shown([(5_000, 5), (300_000, 300)], 310_000))


def test_another_chain_has_another_time(shown: Watch) -> None:
    seen = shown([(5_000, 5), (10_000, -500)], 11_000)
    assert seen[-1][1] < -498_000
