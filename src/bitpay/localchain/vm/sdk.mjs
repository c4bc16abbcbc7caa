// Loads clarinet-sdk's VM with the knobs of patch.mjs, under a clock that can be pinned.
import { createRequire } from 'node:module';
import { patch, SdkChanged } from './patch.mjs';

const TRACK_COSTS = 1400; // where, in the SDK's own object, the option lies that it is made with

// A finalizer would free a handle in memory that has been restored since, and corrupt it: handles are freed by hand.
globalThis.FinalizationRegistry = class {
  register() {}
  unregister() {}
};
// The VM reports failed calls on the console, which the answer says too, and its own panics, which nothing else says.
let panic = '';
console.log = console.info = console.warn = console.debug = () => {};
console.error = (message) => { panic = String(message); };

// Names the panic behind a WebAssembly trap, which itself only says "unreachable".
export function withPanic(error) {
  const said = panic.startsWith('panicked') ? `${error}: ${panic}` : String(error?.stack ?? error);
  panic = '';
  return new Error(said);
}

let pinned = null; // milliseconds, or null for the real clock

// The VM takes its genesis time from the clock.
export async function atTime(milliseconds, action) {
  pinned = milliseconds;
  try {
    return await action();
  } finally {
    pinned = null;
  }
}

const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...parts) {
    if (parts.length === 0 && pinned !== null) super(pinned);
    else super(...parts);
  }

  static now() {
    return pinned ?? RealDate.now();
  }
};

// Returns { SDK, SDKOptions, CallFnArgs, ..., wasm }: the package's classes and the instance's exports.
export function load() {
  const { Module, Instance } = WebAssembly;
  let wasm;
  WebAssembly.Module = function (bytes) {
    return new Module(patch(bytes));
  };
  WebAssembly.Instance = function (module, imports) {
    const instance = new Instance(module, imports);
    wasm = instance.exports;
    return instance;
  };
  try {
    const fromSdk = createRequire(createRequire(import.meta.url).resolve('@stacks/clarinet-sdk'));
    return { ...fromSdk('@stacks/clarinet-sdk-wasm'), wasm };
  } finally {
    Object.assign(WebAssembly, { Module, Instance });
  }
}

// The SDK's option to track costs, which makes a call slower by a millisecond, as a knob: 1 or 0.
export class CostsKnob {
  #place;
  #wasm;

  constructor(sdk, wasm, made) {
    this.#place = sdk.__wbg_ptr + TRACK_COSTS;
    this.#wasm = wasm;
    if (this.value !== (made ? 1 : 0)) throw new SdkChanged('the option to track costs is not where it was');
  }

  get value() {
    return new Uint8Array(this.#wasm.memory.buffer)[this.#place];
  }

  // Does something with costs tracked.
  on(action) {
    const before = this.value;
    this.#set(1);
    try {
      return action();
    } finally {
      this.#set(before);
    }
  }

  #set(value) {
    new Uint8Array(this.#wasm.memory.buffer)[this.#place] = value;
  }
}
