/** Everything that moves with the chain's time: counters, now-lines, percentages, time left. No request is made. */
import { blocks, duration } from "../../http/web/amounts";
import { chainHeight, chainNow } from "../../http/web/clock";
import { all, one, setText } from "../../http/web/dom";
import { BLOCK, refresh } from "../../http/web/live";
import { isUnderWay } from "../../http/web/receipts";
import { blockTick, FIGURES, FINE, moment, streamOf } from "./stream";

/** With reduced motion, things move this often (ms). */
const CALM = 1_000;
/** A leap larger than this share of the stream is shown as a quick glide, not a cut. */
const LEAP = 2_000n;
const GLIDE = 6n;
const DRAWN_WIDTH = 1_000;

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const glides = new WeakMap<Element, bigint>();
let drawnAt = 0;

function frame(at: number): void {
  requestAnimationFrame(frame);
  if (calm.matches && at - drawnAt < CALM) return;
  drawnAt = at;
  for (const element of all("[data-counter]")) drawCounter(element);
  for (const element of all<SVGElement>("[data-curve]")) drawNow(element);
  for (const element of all("[data-percent]")) drawPercent(element);
  for (const element of all("[data-until]")) setText(element, duration(Number(element.dataset.until) - chainNow() / 1000));
  for (const element of all("[data-until-block]")) setText(element, blocks(BigInt(element.dataset.untilBlock ?? 0) - chainHeight()));
  for (const element of all<HTMLButtonElement>("[data-action]")) drawAction(element);
}

function drawCounter(element: HTMLElement): void {
  const kind = element.dataset.counter as keyof typeof FIGURES;
  const { of } = element.dataset;
  const streams = (of ? all(`${of} [data-stream]`) : [element]).map(streamOf).filter((stream) => stream !== null);
  if (!streams.length) return;
  const target = streams.reduce((sum, stream) => sum + FIGURES[kind](stream), 0n);
  const whole = streams.reduce((sum, stream) => sum + stream.curve.amount * FINE, 0n);
  element.dataset.sats = String(target / FINE);
  write(element, glide(element, target, whole));
}

/** Steps towards the target where it leapt (a withdrawal, a new block, warped time), else is the target. */
function glide(element: Element, target: bigint, whole: bigint): bigint {
  const shown = glides.get(element) ?? target;
  const gap = target - shown;
  const size = gap < 0n ? -gap : gap;
  const next = calm.matches || size <= whole / LEAP || size < GLIDE * FINE ? target : shown + gap / GLIDE;
  glides.set(element, next);
  return next;
}

/** Writes 1234567.8901 sats as 0.01 | 234 | 567 | 8901, each in its own element; leading zeros step back. */
function write(element: HTMLElement, parts: bigint): void {
  const digits = (parts / FINE).toString().padStart(9, "0");
  const groups = [`${digits.slice(0, -8)}.${digits.slice(-8, -6)}`, digits.slice(-6, -3), digits.slice(-3)];
  const first = groups.findIndex((group) => /[1-9]/.test(group));
  for (const [index, group] of groups.entries()) {
    const span = element.children[index];
    setText(span, group);
    span?.classList.toggle("zero", first < 0 ? index < 2 : index < first);
  }
  setText(element.children[3], (parts % FINE).toString().padStart(4, "0"));
}

function drawNow(svg: SVGElement): void {
  const stream = streamOf(svg);
  if (!stream || stream.isCancelled) return;
  const height = Number(svg.dataset.curve);
  const elapsed = moment(stream) - stream.curve.start * FINE;
  const x = Math.min(DRAWN_WIDTH, Math.max(0, share(elapsed, stream.curve.duration * FINE) * DRAWN_WIDTH));
  const y = height * (1 - share(FIGURES.vested(stream), stream.curve.amount * FINE));
  one("[data-flowed]", svg)?.setAttribute("width", x.toFixed(2));
  one("[data-now]", svg)?.setAttribute("d", `M${x.toFixed(2)} ${y.toFixed(2)}V${height}`);
  one("[data-dot]", svg)?.setAttribute("d", `M${x.toFixed(2)} ${y.toFixed(2)}h.01`);
}

/** Rounded down: nothing is "100.0 %" that is not all there. */
function drawPercent(element: HTMLElement): void {
  const stream = streamOf(element);
  if (!stream) return;
  const permille = (FIGURES.vested(stream) * 1000n) / (stream.curve.amount * FINE);
  setText(element, `${permille / 10n}.${permille % 10n} %`);
}

/** A button rests while its transaction is under way, and while there is nothing yet that it could do. */
function drawAction(button: HTMLButtonElement): void {
  const stream = streamOf(button);
  const { action = "", opens } = button.dataset;
  const isClosed = opens !== undefined && stream !== null && moment(stream) < BigInt(opens) * FINE;
  one("[data-opening]", button)?.toggleAttribute("hidden", !isClosed);
  const isResting = isClosed || isUnderWay(action);
  if (button.disabled !== isResting) button.disabled = isResting;
}

/** Where a stream turned (began, reached its cliff, settled) the page's words about it change: fetch them. */
document.addEventListener(BLOCK, () => {
  const hasTurned = (element: HTMLElement) => {
    const stream = streamOf(element);
    return stream !== null && blockTick(stream) >= BigInt(element.dataset.turns ?? 0);
  };
  if (all("[data-turns]").some(hasTurned)) refresh();
});

/** part / whole as a number, exact to a millionth. */
function share(part: bigint, whole: bigint): number {
  return Number((part * 1_000_000n) / whole) / 1_000_000;
}

requestAnimationFrame(frame);
