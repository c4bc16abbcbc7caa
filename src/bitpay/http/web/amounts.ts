/** Sats as people read them. Integers only. */

const SATS_PER_SBTC = 100_000_000n;

/** 1234567n -> "0.01234567" */
export function sbtc(sats: bigint): string {
  const sign = sats < 0n ? "−" : "";
  const size = sats < 0n ? -sats : sats;
  return `${sign}${size / SATS_PER_SBTC}.${(size % SATS_PER_SBTC).toString().padStart(8, "0")}`;
}

/** A change with its sign: "+0.00010000", "−0.00010000" */
export function change(sats: bigint): string {
  return sats > 0n ? `+${sbtc(sats)}` : sbtc(sats);
}

/** Thin grouping: 1234567n -> "1 234 567" */
export function grouped(count: bigint | number): string {
  return count.toString().replace(/\B(?=(\d{3})+$)/g, "\u2009");
}

/** "1 block", "1 234 blocks"; never fewer than none. */
export function blocks(count: bigint): string {
  return `${grouped(count < 0n ? 0n : count)} ${count === 1n ? "block" : "blocks"}`;
}

/** 93784 -> "1 d 2 h"; the two largest units that say something. */
export function duration(seconds: number): string {
  const units: [string, number][] = [["y", 31_536_000], ["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]];
  let rest = Math.max(0, Math.floor(seconds));
  const first = units.findIndex(([, size]) => rest >= size);
  if (first < 0) return "0 s";
  const words: string[] = [];
  for (const [name, size] of units.slice(first, first + 2)) {
    if (rest >= size) words.push(`${Math.floor(rest / size)} ${name}`);
    rest %= size;
  }
  return words.join(" ");
}
