// One simulated chain. Every method takes and returns plain JSON; Clarity values are hex of their consensus bytes.
import { readFileSync } from 'node:fs';
import { imagePath, readImage, writeImage } from './image.mjs';
import { atTime, CostsKnob, load as loadSdk, withPanic } from './sdk.mjs';
import { Memory, load, save } from './memory.mjs';
import { Coverage } from './coverage.mjs';

const EPOCH = '4.0';
const BOOT_TIME = 1_000_000_000; // Unix seconds before the first block
const BLOCK_SECONDS = 10;
const ROOM = 16 * 1024 * 1024; // bytes that may be written between a restore and the next
const BOOT = 'ST000000000000000000002AMW42H';
const SBTC = 'SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4';
const SBTC_CONTRACTS = ['sbtc-registry', 'sbtc-token']; // in the order they depend on each other

// What the VM said no to: a runtime error, an unknown contract, source that does not compile.
export class Refused extends Error {}

export class Session {
  #sdk;
  #kit;
  #memory;
  #copies = new Map();
  #nextCopy = 1;
  #saving = new Map();
  #burnTime;
  #coverage = null;
  #costs;

  static async start({ genesisTime, trackCosts, trackCoverage, images }) {
    const kit = loadSdk();
    const costs = trackCosts || trackCoverage;
    const sdk = new kit.SDK(noFiles, new kit.SDKOptions(costs, false, trackCoverage));
    const session = new Session(sdk, kit, new CostsKnob(sdk, kit.wasm, costs));
    const path = imagePath(images, { trackCosts, trackCoverage });
    const image = readImage(path);
    if (image) session.#take(image);
    else await session.#boot(path);
    session.#begin(genesisTime);
    if (trackCoverage) session.#coverage = new Coverage(sdk);
    return session;
  }

  constructor(sdk, kit, costs) {
    this.#sdk = sdk;
    this.#kit = kit;
    this.#costs = costs;
    this.#memory = new Memory(kit.wasm);
  }

  #take([copy, { interfaces }]) {
    this.#memory.restore(copy);
    this.#built = new Map(interfaces);
  }

  async #boot(path) {
    await atTime(BOOT_TIME * 1000, () => this.#sdk.initEmptySession({ enabled: false }));
    const copy = this.#memory.copy();
    this.#begin(BOOT_TIME + 100);
    this.#describeSbtc();
    this.#memory.restore(copy);
    writeImage(path, copy, { interfaces: [...this.#built] });
  }

  // Makes the first block, in the epoch in which everything happens, at exactly `genesisTime`.
  #begin(genesisTime) {
    const { wasm } = this.#kit;
    this.#burnTime = genesisTime - BLOCK_SECONDS;
    wasm.burn_seconds.value = BigInt(this.#burnTime - BOOT_TIME);
    wasm.stacks_seconds.value = BigInt(BLOCK_SECONDS);
    wasm.block_step.value = 1;
    this.#sdk.setEpoch(EPOCH);
    wasm.block_step.value = 0;
    const time = Number(this.#sdk.getBlockTime());
    if (time !== genesisTime) throw new Refused(`the VM started at ${time} instead of ${genesisTime}`);
    const source = readFileSync(new URL('payments.clar', import.meta.url), 'utf8');
    this.deploy({ name: 'payments', source, clarityVersion: 4, sender: BOOT });
  }

  // The SDK keeps no interface of the contracts it brings along: they are deployed elsewhere to look.
  #describeSbtc() {
    for (const name of SBTC_CONTRACTS) {
      this.deploy({ name, source: this.source({ contract: `${SBTC}.${name}` }), clarityVersion: 3, sender: BOOT });
      const found = this.interface({ contract: `${BOOT}.${name}` });
      this.#built.set(`${SBTC}.${name}`, { ...found, epoch: 'Epoch30' });
    }
    this.#interfaces = null;
  }

  status() {
    const { stacksBlockHeight: height, burnBlockHeight: burnHeight } = this.#sdk;
    const bytes = this.#memory.bytes.length;
    return { height, burnHeight, time: Number(this.#sdk.getBlockTime()), burnTime: this.#burnTime, bytes };
  }

  // Opens the next block at exactly `time`; with `burnTime` (at least the parent's time, below `time`) a burn block
  // comes first. What runs from now on runs in it.
  open({ time, burnTime = null }) {
    const { wasm } = this.#kit;
    const last = Number(this.#sdk.getBlockTime());
    if (time <= last) throw new Refused(`a block's time must be after its parent's: ${time} <= ${last}`);
    if (burnTime !== null && (burnTime < last || burnTime >= time)) {
      throw new Refused(`the burn block's time must be in [${last}, ${time})`);
    }
    wasm.stacks_seconds.value = BigInt(time - (burnTime ?? last));
    wasm.block_step.value = 1;
    try {
      if (burnTime === null) this.#sdk.mineEmptyStacksBlock();
      else this.#openWithBurnBlock(burnTime);
    } finally {
      wasm.block_step.value = 0;
    }
    return this.status();
  }

  #openWithBurnBlock(burnTime) {
    this.#kit.wasm.burn_seconds.value = BigInt(burnTime - this.#burnTime);
    this.#sdk.mineEmptyBurnBlock();
    this.#burnTime = burnTime;
  }

  // With `dry` nothing that it writes is kept; with `costs` it tells what it cost, tracked or not.
  call({ contract, method, args, sender, dry = false, costs = false }) {
    const run = () => this.#run('callPublicFn', { contract, method, args, sender, dry });
    return costs ? this.#costs.on(run) : run();
  }

  callPrivate({ contract, method, args, sender }) {
    return this.#run('callPrivateFn', { contract, method, args, sender, dry: false });
  }

  // Any function: nothing that it writes is kept. With `costs` it tells what it cost, tracked or not.
  read({ contract, method, args, sender, costs = false }) {
    const kind = this.#access(contract, method) === 'read_only' ? 'callReadOnlyFn' : 'callPublicFn';
    const run = () => this.#run(kind, { contract, method, args, sender, dry: true });
    return costs ? this.#costs.on(run) : run();
  }

  #run(kind, { contract, method, args, sender, dry }) {
    const bytes = args.map((hex) => Buffer.from(hex, 'hex'));
    const call = new this.#kit.CallFnArgs(contract, method, bytes, sender);
    this.#kit.wasm.dry.value = dry ? 1 : 0;
    this.#coverage?.expect();
    try {
      return freeing(call, () => answer(refuse(() => this.#sdk[kind](call)), this.#coverage));
    } finally {
      this.#kit.wasm.dry.value = 0;
    }
  }

  deploy({ name, source, clarityVersion, sender, costs = false }) {
    this.#sdk.executeCommand(`::set_tx_sender ${sender}`); // the SDK would run the contract's body as somebody else
    const options = new this.#kit.ContractOptions(clarityVersion ?? undefined);
    const deployment = new this.#kit.DeployContractArgs(name, source, options, sender);
    this.#interfaces = null;
    const run = () => freeing(deployment, () => answer(refuse(() => this.#sdk.deployContract(deployment))));
    return costs ? this.#costs.on(run) : run();
  }

  // Evaluates source as `sender`; nothing that it writes is kept.
  evaluate({ source, sender }) {
    this.#sdk.executeCommand(`::set_tx_sender ${sender}`);
    this.#kit.wasm.dry.value = 1;
    try {
      return answer(refuse(() => this.#sdk.execute(source)));
    } finally {
      this.#kit.wasm.dry.value = 0;
    }
  }

  // Mines blocks again whose outcome is known, without the work of telling it.
  repeat({ blocks }) {
    for (const { time, burnTime, done } of blocks) {
      this.open({ time, burnTime });
      for (const [name, parameters, expected] of done) {
        const { result } = this[name](parameters);
        if (expected !== null && result !== expected) {
          throw new Refused(`in the block of ${time}, ${name} gave ${result} instead of ${expected}`);
        }
      }
    }
    return this.status();
  }

  mintStx({ recipient, amount }) {
    return refuse(() => this.#sdk.mintSTX(recipient, BigInt(amount)));
  }

  mintFt({ token, recipient, amount }) {
    return refuse(() => this.#sdk.mintFT(token, recipient, BigInt(amount)));
  }

  // The stored value, or null.
  dataVar({ contract, name }) {
    return optional(() => this.#sdk.getDataVar(contract, name));
  }

  mapEntry({ contract, name, key }) {
    return optional(() => this.#sdk.getMapEntry(contract, name, Buffer.from(key, 'hex')));
  }

  source({ contract }) {
    return this.#sdk.getContractSource(contract) ?? null;
  }

  interface({ contract }) {
    return this.#allInterfaces().get(contract) ?? null;
  }

  // Contract -> { "line:column": how often the expression there was evaluated }, by calls that ran to their end.
  coverage() {
    if (!this.#coverage) throw new Refused('coverage is not tracked');
    return this.#coverage.counts();
  }

  contracts() {
    return [...this.#allInterfaces().keys()].sort();
  }

  #built = new Map();
  #interfaces = null; // decoded once per deployment

  #allInterfaces() {
    this.#interfaces ??= new Map([...this.#built, ...this.#sdk.getContractsInterfaces()]);
    return this.#interfaces;
  }

  #access(contract, method) {
    return this.#allInterfaces().get(contract)?.functions.find((one) => one.name === method)?.access ?? null;
  }

  snapshot() {
    this.#memory.reserve(ROOM);
    const id = this.#nextCopy++;
    this.#copies.set(id, { copy: this.#memory.copy(), burnTime: this.#burnTime });
    return id;
  }

  restore({ id }) {
    const kept = this.#copies.get(id);
    if (!kept) throw new Refused(`there is no snapshot ${id}`);
    this.#bringBack(kept.copy, kept.burnTime);
    return this.status();
  }

  forget({ id }) {
    return this.#copies.delete(id);
  }

  // Copies the state now and writes it in the background; `saved` tells when it is there.
  save({ path }) {
    const state = { done: false, error: null };
    this.#saving.set(path, state);
    save(path, this.#memory.copy(), { burnTime: this.#burnTime })
      .catch((error) => { state.error = String(error); })
      .finally(() => { state.done = true; });
    return true;
  }

  saved({ path }) {
    const state = this.#saving.get(path);
    if (state?.done) this.#saving.delete(path);
    return state ?? null;
  }

  async load({ path }) {
    const [copy, { burnTime }] = await load(path).catch((error) => { throw new Refused(String(error)); });
    this.#bringBack(copy, burnTime);
    return this.status();
  }

  #bringBack(copy, burnTime) {
    this.#memory.restore(copy);
    this.#burnTime = burnTime;
    this.#interfaces = null;
  }
}

// What a call or deployment did. The handle lives in the VM's memory and must not outlive this.
function answer(done, coverage = null) {
  try {
    coverage?.take(done);
    return { result: done.result, events: done.events, costs: done.costs };
  } finally {
    done.free();
  }
}

// Frees a handle after use; a panic leaves it borrowed for ever.
function freeing(handle, action) {
  let borrowed = false;
  try {
    return action();
  } catch (error) {
    borrowed = !(error instanceof Refused);
    throw error;
  } finally {
    if (!borrowed) handle.free();
  }
}

// The SDK throws plain strings for what the chain refuses; anything else is a fault of the VM itself.
function refuse(action) {
  try {
    return action();
  } catch (error) {
    throw typeof error === 'string' ? new Refused(error) : withPanic(error);
  }
}

function optional(action) {
  try {
    return action();
  } catch (error) {
    if (error === 'value not found') return null;
    throw error;
  }
}

function noFiles() {
  throw new Error('this VM has no file system');
}
