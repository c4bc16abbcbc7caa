// The VM's whole state is its linear memory, its stack pointer and its table of JavaScript handles.
// Snapshots are copies of the memory; in a file they are deflated behind one line of JSON.
import { open, readFile, rename } from 'node:fs/promises';
import { promisify } from 'node:util';
import { deflate, inflateSync } from 'node:zlib';
import { SDK_SHA256 } from './patch.mjs';

const PAGE = 65536;

export class Memory {
  #wasm;

  constructor(wasm) {
    this.#wasm = wasm;
  }

  get bytes() {
    return Buffer.from(this.#wasm.memory.buffer);
  }

  // Makes sure that `size` bytes can be allocated without growing. Memory that grew after a copy is lost to whoever
  // restores the copy (the allocator can only grow at the end), so a copy that is restored often needs room inside.
  reserve(size) {
    this.#wasm.__wbindgen_free(this.#wasm.__wbindgen_malloc(size, 1), size, 1);
  }

  copy() {
    const { __wbindgen_externrefs: table, stack_pointer: stack } = this.#wasm;
    return { bytes: Buffer.from(this.bytes), handles: table.length, strings: strings(table), stack: stack.value };
  }

  // Brings back a copy made in this process or, after the same start, in another one.
  restore({ bytes, handles, strings, stack }) {
    this.#wasm.stack_pointer.value = stack;
    const missing = bytes.length - this.bytes.length;
    if (missing > 0) this.#wasm.memory.grow(missing / PAGE);
    const table = this.#wasm.__wbindgen_externrefs;
    if (table.length < handles) table.grow(handles - table.length);
    for (const [index, text] of strings) table.set(index, text);
    const memory = this.bytes;
    for (let at = 0; at < bytes.length; at += PAGE) {
      if (memory.compare(bytes, at, at + PAGE, at, at + PAGE) !== 0) bytes.copy(memory, at, at, at + PAGE);
    }
    memory.fill(0, bytes.length);
  }
}

// The memory remembers where in the table it put strings it will need again.
function strings(table) {
  const found = [];
  for (let index = 0; index < table.length; index++) {
    const handle = table.get(index);
    if (typeof handle === 'string') found.push([index, handle]);
  }
  return found;
}

// Writes a copy to a file that appears whole or not at all.
export async function save(path, { bytes, ...registers }, facts) {
  const packed = await promisify(deflate)(bytes, { level: 1 });
  const head = JSON.stringify({ sdk: SDK_SHA256, size: bytes.length, registers, facts });
  const file = await open(`${path}.part`, 'w', 0o600);
  try {
    await file.writeFile(Buffer.concat([Buffer.from(`${head}\n`), packed]));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.part`, path);
}

// Reads what `save` wrote: [copy, facts].
export async function load(path) {
  const content = await readFile(path);
  const end = content.indexOf(10);
  const { sdk, size, registers, facts } = JSON.parse(content.toString('utf8', 0, end));
  if (sdk !== SDK_SHA256) throw new Error(`${path} was made by another version of the VM`);
  const bytes = inflateSync(content.subarray(end + 1), { maxOutputLength: size });
  if (bytes.length !== size) throw new Error(`${path} is damaged`);
  return [{ bytes, ...registers }, facts];
}
