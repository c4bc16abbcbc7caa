/** The vesting curve, as bitpay/protocol/curves.py has it. Integers only; the two are tested against each other. */

export interface Curve {
  amount: bigint;
  /** Start, duration, cliff and step are ticks of the stream's clock: seconds or blocks. */
  start: bigint;
  duration: bigint;
  cliff: bigint;
  upfront: bigint;
  atCliff: bigint;
  step: bigint;
  points: readonly { after: bigint; total: bigint }[];
}

/**
 * What is vested at a moment. `fine` cuts every tick and every sat into that many parts for both the moment and the
 * answer: with 1n it is the protocol's own integer, with more it moves smoothly in between.
 */
export function vested(curve: Curve, at: bigint, fine = 1n): bigint {
  const elapsed = at - curve.start * fine;
  if (elapsed < 0n) return 0n;
  if (elapsed >= curve.duration * fine) return curve.amount * fine;
  return curve.points.length ? between(curve, elapsed, fine) : linear(curve, elapsed, fine);
}

function linear(curve: Curve, elapsed: bigint, fine: bigint): bigint {
  if (elapsed < curve.cliff * fine) return curve.upfront * fine;
  const sinceCliff = elapsed - curve.cliff * fine;
  const streamed = curve.amount - curve.upfront - curve.atCliff;
  const counted = curve.step === 1n ? sinceCliff : sinceCliff - (sinceCliff % (curve.step * fine));
  return (curve.upfront + curve.atCliff) * fine + (streamed * counted) / (curve.duration - curve.cliff);
}

function between(curve: Curve, elapsed: bigint, fine: bigint): bigint {
  let before = { after: 0n, total: 0n };
  for (const point of curve.points) {
    if (elapsed < point.after * fine) {
      const gained = (point.total - before.total) * (elapsed - before.after * fine);
      return before.total * fine + gained / (point.after - before.after);
    }
    before = point;
  }
  return before.total * fine;
}
