// A child that answers newline JSON on its standard input with @stacks/transactions: {op, items} -> {results}.
// The folder that has the package is the first argument. Each result is {ok: ...} or {error: "..."}.
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const require = createRequire(`${process.argv[2]}/package.json`);
const tx = require('@stacks/transactions');
const { Cl, TransactionSigner } = tx;

// A value described as [kind, payload], to be built without going through bytes.
function build([kind, payload]) {
  switch (kind) {
    case 'int': return Cl.int(BigInt(payload));
    case 'uint': return Cl.uint(BigInt(payload));
    case 'bool': return Cl.bool(payload);
    case 'buffer': return Cl.bufferFromHex(payload);
    case 'ascii': return Cl.stringAscii(payload);
    case 'utf8': return Cl.stringUtf8(payload);
    case 'principal': return Cl.principal(payload);
    case 'none': return Cl.none();
    case 'some': return Cl.some(build(payload));
    case 'ok': return Cl.ok(build(payload));
    case 'err': return Cl.error(build(payload));
    case 'list': return Cl.list(payload.map(build));
    case 'tuple': return Cl.tuple(Object.fromEntries(payload.map(([key, value]) => [key, build(value)])));
  }
  throw new Error(`no kind ${kind}`);
}

const cv = hex => tx.deserializeCV(hex);
const text = message => {
  const body = Buffer.from(message, 'utf8');
  const size = Buffer.alloc(body.length < 253 ? 1 : 3);
  if (body.length < 253) size.writeUInt8(body.length);
  else { size.writeUInt8(0xfd); size.writeUInt16LE(body.length, 1); }
  return createHash('sha256').update(Buffer.concat([Buffer.from('\x17Stacks Signed Message:\n'), size, body])).digest('hex');
};

function payload(item) {
  if (item.kind === 'call') {
    const [address, name] = item.contract.split('.');
    return tx.createContractCallPayload(address, name, item.function, item.args.map(cv));
  }
  if (item.kind === 'deploy') return tx.createSmartContractPayload(item.name, item.source, item.version ?? undefined);
  return tx.createTokenTransferPayload(item.recipient, BigInt(item.amount), item.memo);
}

function condition(spend) {
  if (spend.public_keys.length === 1 && (spend.mode === 0 || spend.mode === 2))
    return tx.createSingleSigSpendingCondition(spend.mode, spend.public_keys[0], BigInt(spend.nonce), BigInt(spend.fee));
  return tx.createMultiSigSpendingCondition(
    spend.mode, spend.required, spend.public_keys, BigInt(spend.nonce), BigInt(spend.fee));
}

function unsigned(item) {
  const origin = condition(item.origin);
  const auth = item.sponsor ? tx.createSponsoredAuth(origin) : tx.createStandardAuth(origin);
  const postConditions = tx.createLPList(item.post_conditions.map(pc => tx.postConditionToWire(
    pc.assetId ? { ...pc, assetId: cv(pc.assetId) } : pc)));
  return new tx.StacksTransactionWire({
    auth, payload: payload(item), postConditions, postConditionMode: item.mode, network: item.network });
}

function signed(item) {
  const transaction = unsigned(item);
  const signer = new TransactionSigner(transaction);
  for (const [index, key] of item.origin.public_keys.entries()) {
    const secret = item.origin.secrets[index];
    if (secret) signer.signOrigin(secret);
    else signer.appendOrigin(key);
  }
  if (!item.sponsor) return signer.transaction;
  // createSponsorSigner refuses an origin with all its signatures when there are several keys: one level lower.
  signer.transaction.setSponsor(condition(item.sponsor));
  signer.transaction.signNextSponsor(signer.transaction.verifyOrigin(), item.sponsor.secrets[0]);
  return signer.transaction;
}

const operations = {
  reencode: hex => tx.serializeCV(cv(hex)),
  repr: hex => Cl.stringify(cv(hex)),
  parse: repr => tx.serializeCV(Cl.parse(repr)),
  build: description => tx.serializeCV(build(description)),
  address: ({ version, hash }) => tx.addressToString(tx.addressFromVersionHash(version, hash)),
  account: secret => [tx.privateKeyToPublic(secret), tx.privateKeyToAddress(secret, 'mainnet'),
    tx.privateKeyToAddress(secret, 'testnet')],
  multisig: ({ mode, required, public_keys }) => tx.addressFromPublicKeys(
    20, mode, required, public_keys.map(tx.createStacksPublicKey)).hash160,
  unsigned: item => tx.serializeTransaction(unsigned(item)),
  sign: item => { const done = signed(item); return [tx.serializeTransaction(done), done.txid()]; },
  reencode_tx: hex => tx.serializeTransaction(tx.deserializeTransaction(hex)),
  verify: hex => { tx.deserializeTransaction(hex).verifyOrigin(); return true; },
  post_condition: json => tx.postConditionToHex(json.assetId ? { ...json, assetId: cv(json.assetId) } : json),
  message: ({ message, secret }) => [text(message), tx.signMessageHashRsv({ messageHash: text(message), privateKey: secret })],
  recover: ({ hash, signature }) => tx.publicKeyFromSignatureRsv(hash, signature),
  structured: ({ domain, message, secret }) => tx.signStructuredData(
    { domain: cv(domain), message: cv(message), privateKey: secret }),
};

// Benchmarks: prepare once, then run `rounds` times and say how many seconds it took.
const prepared = {
  decode: hexes => { const all = hexes.map(h => Buffer.from(h, 'hex')); return () => all.forEach(b => tx.deserializeCV(new Uint8Array(b))); },
  encode: hexes => { const all = hexes.map(cv); return () => all.forEach(v => tx.serializeCVBytes(v)); },
  decode_tx: hexes => () => hexes.forEach(h => tx.deserializeTransaction(h)),
  encode_tx: hexes => { const all = hexes.map(h => tx.deserializeTransaction(h)); return () => all.forEach(t => t.serializeBytes()); },
  sign_tx: items => () => items.forEach(([hex, secret]) => {
    const signer = new TransactionSigner(tx.deserializeTransaction(hex)); signer.signOrigin(secret); }),
  verify_tx: hexes => () => hexes.forEach(h => tx.deserializeTransaction(h).verifyOrigin()),
  sign_message: items => () => items.forEach(([message, secret]) => tx.signMessageHashRsv({ messageHash: text(message), privateKey: secret })),
  recover: items => () => items.forEach(([hash, signature]) => tx.publicKeyFromSignatureRsv(hash, signature)),
};

function measure({ name, items, rounds }) {
  const run = prepared[name](items);
  run();
  const start = process.hrtime.bigint();
  for (let round = 0; round < rounds; round++) run();
  return Number(process.hrtime.bigint() - start) / 1e9;
}

function answer({ op, items }) {
  if (op === 'measure') return items.map(item => ({ ok: measure(item) }));
  return items.map(item => {
    try { return { ok: operations[op](item) }; }
    catch (error) { return { error: String(error?.message ?? error) }; }
  });
}

for await (const line of createInterface({ input: process.stdin }))
  process.stdout.write(`${JSON.stringify({ results: answer(JSON.parse(line)) })}\n`);
