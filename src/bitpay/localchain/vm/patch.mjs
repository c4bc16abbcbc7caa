// Gives clarinet-sdk's VM four knobs, in memory, before it is instantiated. No file of the package is touched.
//
// The SDK has no way to set the time of a block, to run a transaction without making a block of its own, or to try
// a transaction without keeping what it wrote. All three are one small place each in its WebAssembly:
//   stacks_seconds  seconds from the parent to the next Stacks block          (was the constant 10)
//   burn_seconds    seconds from the parent to the next burn block            (was the constant 600)
//   block_step      how far "advance the Stacks tip" moves: 1, or 0 inside an open block
//   dry             1: what the VM writes to its store is thrown away
// Besides, its stack pointer is exported: a panic leaves it where it was.
// The places are known for one build only, so any other build is refused.
import { createHash } from 'node:crypto';

export const SDK_SHA256 = '6de8e7537d2229f37d382454027efa5c0820c0e46aeef8a54011431feea7acfa';
const ADVANCE_STACKS_TIP = 320; // Datastore::advance_stacks_chain_tip(self, store, count) -> height
const ADVANCE_BURN_TIP = 655; // Datastore::advance_burn_chain_tip(self, store, count) -> height
const PUT = 1041; // ClarityDatastore::put(self, key, key length, value, value length)

const I32 = 0x7f;
const I64 = 0x7e;
const SECTION = { imports: 2, globals: 6, exports: 7, code: 10 };

export class SdkChanged extends Error {}

export function patch(bytes) {
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== SDK_SHA256) throw new SdkChanged(`this WebAssembly is not the one of clarinet-sdk 3.21.0: ${found}`);
  const sections = readSections(bytes);
  const section = (id) => sections.find((one) => one.id === id);
  const first = addGlobals(section(SECTION.globals), section(SECTION.exports));
  const imported = countImportedFunctions(section(SECTION.imports).body);
  section(SECTION.code).body = editFunctions(section(SECTION.code).body, imported, edits(first));
  return writeSections(bytes.subarray(0, 8), sections);
}

// Byte patterns: 42 0a 7c = i64.const 10, i64.add; 42 d8 04 7c = i64.const 600, i64.add; 23 = global.get.
function edits(first) {
  const [stacksSeconds, burnSeconds, blockStep, dry] = [first, first + 1, first + 2, first + 3];
  const ten = { from: [0x42, 0x0a, 0x7c], to: [0x23, stacksSeconds, 0x7c] };
  const sixHundred = { from: [0x42, 0xd8, 0x04, 0x7c], to: [0x23, burnSeconds, 0x01, 0x7c] };
  return new Map([
    // count = count * block_step
    [ADVANCE_STACKS_TIP, { replace: [ten], before: [0x20, 2, 0x23, blockStep, 0x6c, 0x21, 2] }],
    [ADVANCE_BURN_TIP, { replace: [ten, sixHundred], before: [] }],
    // if (dry) return
    [PUT, { replace: [], before: [0x23, dry, 0x04, 0x40, 0x0f, 0x0b] }],
  ]);
}

function addGlobals(globals, exports) {
  const knobs = [
    ['stacks_seconds', [I64, 1, 0x42, 10, 0x0b]],
    ['burn_seconds', [I64, 1, 0x42, 0xd8, 0x04, 0x0b]],
    ['block_step', [I32, 1, 0x41, 1, 0x0b]],
    ['dry', [I32, 1, 0x41, 0, 0x0b]],
  ];
  const first = append(globals, knobs.map(([, definition]) => definition));
  const named = [...knobs.map(([name], k) => [name, first + k]), ['stack_pointer', 0]];
  append(exports, named.map(([name, index]) => [name.length, ...Buffer.from(name), 3, index]));
  return first;
}

// Adds entries to a section that is a vector; returns the index of the first new one.
function append(section, entries) {
  const [count, start] = readNumber(section.body, 0);
  section.body = Buffer.concat([
    Buffer.from(number(count + entries.length)), section.body.subarray(start), Buffer.from(entries.flat()),
  ]);
  return count;
}

function editFunctions(body, imported, wanted) {
  let [count, at] = readNumber(body, 0);
  const parts = [Buffer.from(number(count))];
  for (let index = imported; index < imported + count; index++) {
    const [length, start] = readNumber(body, at);
    const edit = wanted.get(index);
    const code = body.subarray(start, start + length);
    const edited = edit ? editFunction(code, edit) : code;
    parts.push(Buffer.from(number(edited.length)), edited);
    at = start + length;
  }
  return Buffer.concat(parts);
}

function editFunction(code, { replace, before }) {
  const copy = Buffer.from(code);
  for (const { from, to } of replace) {
    const pattern = Buffer.from(from);
    const place = copy.indexOf(pattern);
    if (place < 0 || copy.indexOf(pattern, place + 1) >= 0) throw new SdkChanged('a clock constant is not where it was');
    copy.set(to, place);
  }
  const start = skipLocals(copy);
  return Buffer.concat([copy.subarray(0, start), Buffer.from(before), copy.subarray(start)]);
}

function skipLocals(code) {
  let [groups, at] = readNumber(code, 0);
  for (; groups > 0; groups--) at = readNumber(code, at)[1] + 1;
  return at;
}

function countImportedFunctions(body) {
  let [count, at] = readNumber(body, 0);
  let functions = 0;
  for (; count > 0; count--) {
    for (let name = 0; name < 2; name++) {
      const [length, start] = readNumber(body, at);
      at = start + length;
    }
    const kind = body[at++];
    if (kind !== 0) throw new SdkChanged('it imports more than functions');
    functions += 1;
    at = readNumber(body, at)[1];
  }
  return functions;
}

function readSections(bytes) {
  const sections = [];
  for (let at = 8; at < bytes.length; ) {
    const [length, start] = readNumber(bytes, at + 1);
    sections.push({ id: bytes[at], body: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return sections;
}

function writeSections(header, sections) {
  const parts = [header];
  for (const { id, body } of sections) parts.push(Buffer.from([id, ...number(body.length)]), body);
  return Buffer.concat(parts);
}

// Unsigned LEB128.
function readNumber(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return [value, at];
  }
}

function number(value) {
  const bytes = [];
  do {
    const rest = Math.floor(value / 128);
    bytes.push((value % 128) | (rest ? 128 : 0));
    value = rest;
  } while (value);
  return bytes;
}
