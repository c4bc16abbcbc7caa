/** The chain's time: what its blocks say, and in between the monotonic clock, never the wall clock. */

/** Blocks that are remembered: what they all agree on is where time stands. */
const REMEMBERED = 3;
/** While time is ahead of the blocks it runs this much slower, never backwards. */
const SLOWED = 0.5;
/** A block's time is in whole seconds and arrives late: so much ahead of it is usual (ms). */
const USUAL_LEAD = 2_500;
/**
 * Figures run this much behind (ms): blocks count whole seconds, so one that is mined now may say up to a second less.
 * What is shown is there in the very next block.
 */
const LAG = 1_000;
/** So long time runs on without a block (ms), here as on the server; a chain that stands still shows a time that stands. */
const LONGEST_RUN = 60_000;

/**
 * Follows the chain's time. All times are milliseconds; `at` is a monotonic clock's.
 *
 * A block that is ahead takes time along at once. A block that is behind may only have arrived late, or the blocks
 * before it came faster than one a second and ran ahead of everybody's clock: when all of the last few are behind,
 * time runs slower until they agree again, so that no figure ever goes back and none stays ahead of the chain.
 */
export class RunningClock {
  #said = 0;
  #heardAt = 0;
  /** How far ahead of the blocks it is, and has to fall back by running slower. */
  #excess = 0;
  #latest = -Infinity;
  /** What the page said when it came; nothing that it showed is taken back. */
  #first = -Infinity;
  #heard: { block: number; at: number }[] = [];

  now(at: number): number {
    return Math.max(this.#first, this.#running(at) - LAG);
  }

  #running(at: number): number {
    const passed = at - this.#heardAt;
    const lost = Math.min(passed * (1 - SLOWED), this.#excess);
    return Math.min(this.#said + passed - lost, this.#latest + LONGEST_RUN);
  }

  /** Takes in what the server says is now, and the latest block's time. */
  set(time: number, block: number, at: number): void {
    if (this.#latest === -Infinity) this.#first = block;
    this.#latest = Math.max(this.#latest, block);
    if (time > this.#running(at)) this.#settle(time, at, 0);
  }

  /** Takes in a block that has just arrived. */
  hear(block: number, at: number): void {
    const now = this.#running(at);
    this.#latest = block;
    this.#first = Math.min(this.#first, block);
    if (block >= now || now - block > LONGEST_RUN) {
      this.#heard = [{ block, at }];
      this.#settle(block, at, 0);
      return;
    }
    this.#heard = [...this.#heard, { block, at }].slice(-REMEMBERED);
    const lead = Math.min(...this.#heard.map((one) => now - at - (one.block - one.at)));
    const isAhead = this.#heard.length === REMEMBERED && lead > USUAL_LEAD;
    this.#settle(now, at, isAhead ? lead - USUAL_LEAD : 0);
  }

  #settle(time: number, at: number, excess: number): void {
    this.#said = time;
    this.#heardAt = at;
    this.#excess = excess;
  }
}

const clock = new RunningClock();
let height = 0n;
let latest = 0n;

/** Chain time now, in milliseconds. */
export function chainNow(): number {
  return clock.now(performance.now());
}

export function chainHeight(): bigint {
  return height;
}

/** The latest block's time, in seconds. */
export function blockTime(): bigint {
  return latest;
}

/** Takes in a block that has just arrived; its time is in seconds. It may lie below the one before: chains fork. */
export function hearBlock(time: number, atHeight: number): void {
  clock.hear(time * 1000, performance.now());
  latest = BigInt(time);
  height = BigInt(atHeight);
}

/** Reads the clock that a rendered part of a page carries, unless it was rendered before the latest block. */
export function readClock(element: HTMLElement | null): void {
  const { chainNow: now, chainHeight: at, chainTime: time } = element?.dataset ?? {};
  if (now === undefined || at === undefined || time === undefined || BigInt(at) < height) return;
  clock.set(Number(now) * 1000, Number(time) * 1000, performance.now());
  latest = BigInt(time);
  height = BigInt(at);
}
