// The VM's state after the SDK has deployed the boot contracts, in a file: that takes a second, reading it does not.
// A cache: made when it is missing, for exactly these sources.
import { createHash } from 'node:crypto';
import {
  closeSync, fsyncSync, openSync, readFileSync, readSync, readdirSync, renameSync, statSync, unlinkSync, writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { SDK_SHA256 } from './patch.mjs';

const PAGE = 65536;
const KEPT = 4;
const SOURCES = ['image.mjs', 'memory.mjs', 'patch.mjs', 'sdk.mjs', 'session.mjs'];

// The file's path, below `folder`, for sessions made with these settings.
export function imagePath(folder, settings) {
  const hash = createHash('sha256').update(SDK_SHA256).update(JSON.stringify(settings));
  for (const name of SOURCES) hash.update(readFileSync(new URL(name, import.meta.url)));
  return `${folder}/boot-${hash.digest('hex').slice(0, 16)}.image`;
}

// Only pages that hold something are written, as runs [first, count].
export function writeImage(path, { bytes, ...registers }, facts) {
  const runs = [];
  const empty = Buffer.alloc(PAGE);
  for (let page = 0; page * PAGE < bytes.length; page++) {
    if (bytes.compare(empty, 0, PAGE, page * PAGE, (page + 1) * PAGE) === 0) continue;
    const last = runs.at(-1);
    if (last && last[0] + last[1] === page) last[1]++;
    else runs.push([page, 1]);
  }
  const head = Buffer.from(JSON.stringify({ size: bytes.length, registers, facts, runs }));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(head.length);
  const part = `${path}.${process.pid}`;
  const file = openSync(part, 'w', 0o600);
  for (const piece of [length, head, ...runs.map(([first, count]) => slice(bytes, first, count))]) writeAll(file, piece);
  fsyncSync(file);
  closeSync(file);
  renameSync(part, path);
  prune(dirname(path));
}

function prune(folder) {
  const images = readdirSync(folder).filter((name) => name.startsWith('boot-')).map((name) => `${folder}/${name}`);
  const byAge = images.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const old of byAge.slice(KEPT)) unlinkSync(old);
}

// Returns [copy, facts], or null where there is no image.
export function readImage(path) {
  let file;
  try {
    file = openSync(path);
  } catch {
    return null;
  }
  try {
    const length = readExactly(file, Buffer.alloc(4)).readUInt32BE();
    const { size, registers, facts, runs } = JSON.parse(readExactly(file, Buffer.alloc(length)));
    const bytes = Buffer.alloc(size);
    for (const [first, count] of runs) readExactly(file, slice(bytes, first, count));
    return [{ bytes, ...registers }, facts];
  } finally {
    closeSync(file);
  }
}

function slice(bytes, first, count) {
  return bytes.subarray(first * PAGE, (first + count) * PAGE);
}

function writeAll(file, bytes) {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
}

function readExactly(file, bytes) {
  for (let done = 0; done < bytes.length; ) {
    const count = readSync(file, bytes, done, bytes.length - done, null);
    if (count === 0) throw new Error('the image is cut off: delete it');
    done += count;
  }
  return bytes;
}
