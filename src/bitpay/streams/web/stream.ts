/** One stream as a page carries it, and its figures at a moment. */
import { blockTime, chainHeight, chainNow } from "../../http/web/clock";
import { type Curve, vested } from "./curve";

/** Ticks and sats are cut into this many parts, so that counters move between two sats. */
export const FINE = 10_000n;

export interface Stream {
  curve: Curve;
  clock: "seconds" | "blocks";
  withdrawn: bigint;
  refunded: bigint;
  isCancelled: boolean;
  isCancelable: boolean;
}

interface Carried {
  amount: string;
  start: string;
  duration: string;
  cliff: string;
  upfront: string;
  atCliff: string;
  step: string;
  points: [string, string][];
  clock: "seconds" | "blocks";
  withdrawn: string;
  refunded: string;
  cancelled: boolean;
  cancelable: boolean;
}

const read = new Map<string, Stream>();

/** The stream that an element, or one around it, carries as JSON; read once per wording. */
export function streamOf(element: Element): Stream | null {
  const text = element.closest<HTMLElement>("[data-stream]")?.dataset.stream;
  if (!text) return null;
  const known = read.get(text) ?? parse(JSON.parse(text) as Carried);
  read.set(text, known);
  return known;
}

function parse(carried: Carried): Stream {
  const { amount, start, duration, cliff, upfront, atCliff, step, points } = carried;
  return {
    curve: {
      amount: BigInt(amount),
      start: BigInt(start),
      duration: BigInt(duration),
      cliff: BigInt(cliff),
      upfront: BigInt(upfront),
      atCliff: BigInt(atCliff),
      step: BigInt(step),
      points: points.map(([after, total]) => ({ after: BigInt(after), total: BigInt(total) })),
    },
    clock: carried.clock,
    withdrawn: BigInt(carried.withdrawn),
    refunded: BigInt(carried.refunded),
    isCancelled: carried.cancelled,
    isCancelable: carried.cancelable,
  };
}

/** Now on the stream's clock, in parts of a tick. */
export function moment(stream: Stream): bigint {
  return stream.clock === "blocks" ? chainHeight() * FINE : BigInt(Math.floor(chainNow() * 10));
}

/** The latest block on the stream's clock: what the contract would go by. */
export function blockTick(stream: Stream): bigint {
  return stream.clock === "blocks" ? chainHeight() : blockTime();
}

function vestedNow(stream: Stream): bigint {
  if (stream.isCancelled) return (stream.curve.amount - stream.refunded) * FINE;
  return vested(stream.curve, moment(stream), FINE);
}

/** What a counter may show, in parts of a sat. */
export const FIGURES = {
  vested: vestedNow,
  withdrawable: (stream: Stream) => atLeastZero(vestedNow(stream) - stream.withdrawn * FINE),
  remaining: (stream: Stream) => (stream.curve.amount - stream.refunded) * FINE - vestedNow(stream),
  refundable: (stream: Stream) =>
    stream.isCancelable && !stream.isCancelled ? stream.curve.amount * FINE - vestedNow(stream) : 0n,
} as const;

function atLeastZero(value: bigint): bigint {
  return value < 0n ? 0n : value;
}
