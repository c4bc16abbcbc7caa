/** The chain's time. The server says it; in between it advances with the monotonic clock, never the wall clock. */

/** A block's time lies a little behind now; only a clock that is off by more than this is set back (ms). */
const TOLERATED_LEAD = 30_000;

let said = 0;
let heardAt = 0;
let height = 0n;

/** Chain time now, in milliseconds. */
export function chainNow(): number {
  return said + performance.now() - heardAt;
}

export function chainHeight(): bigint {
  return height;
}

/** Takes in what the server says now. A block that arrives a little late does not turn time back. */
export function hearClock(seconds: number, atHeight: number): void {
  const milliseconds = seconds * 1000;
  const lead = chainNow() - milliseconds;
  if (lead < 0 || lead > TOLERATED_LEAD) {
    said = milliseconds;
    heardAt = performance.now();
  }
  height = BigInt(atHeight);
}

/** Reads the clock that a rendered part of a page carries. */
export function readClock(element: HTMLElement | null): void {
  const { chainNow: now, chainHeight: at } = element?.dataset ?? {};
  if (now !== undefined && at !== undefined) hearClock(Number(now), Number(at));
}
