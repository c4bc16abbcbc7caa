/** The development wallet: a SIP-030 provider that lives in the page and signs with this instance's demo accounts. */
import type * as Stacks from "@stacks/transactions";
import { ApiError, get, post } from "../../http/web/api";
import { one, page } from "../../http/web/dom";
import { type CallParams, askToSign, type TransferParams } from "./dialog";

interface Account {
  name: string;
  address: string;
  publicKey: string;
}

interface Signed {
  publicKey: string;
  transaction: string;
  txid: string;
  signature: string;
}

type Params = Record<string, string>;

const ID = "DevStacksProvider";
const ICON = "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCAzNCAzNCI+PHBhdGggZD0iTTMgMjVoNWM5IDAgNy0xNiAxNi0xNmg3IiBmaWxsPSJub25lIiBzdHJva2U9IiNmMjhhMGYiIHN0cm9rZS13aWR0aD0iMyIvPjwvc3ZnPg==";
/** micro-STX; the local chain asks for no more. */
const FEE = 3_000;
const USER_REJECTED = -32000;
const NO_SUCH_METHOD = -32601;
const UNKNOWN = -31000;
const FORBIDDEN = 403;
const FOREIGN = "foreign_contract";

let token = tokenIn(document);

class Rejected extends Error {}

function tokenIn(page: Document): string {
  return one<HTMLMetaElement>('meta[name="bitpay-dev-token"]', page)?.content ?? "";
}

/** Uses a development power. Every start of an instance has its own token: a page from before takes the new one. */
async function power<T>(use: (headers: Record<string, string>) => Promise<T>): Promise<T> {
  const attempt = () => use({ "X-BitPay-Dev-Token": token });
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof ApiError) || error.problem.status !== FORBIDDEN) throw error;
    token = tokenIn(new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html"));
    return attempt();
  }
}

async function accounts(): Promise<Account[]> {
  return (await power((headers) => get<{ accounts: Account[] }>("/dev/accounts", headers))).accounts;
}

/** Whom this window acts for: who is named, or the account in view. */
async function signer(address = page.account): Promise<Account> {
  const found = (await accounts()).find((account) => account.address === address);
  if (!found) throw new Error("The development wallet has no such account. Choose a demo account.");
  return found;
}

function sign(account: Account, what: object): Promise<Signed> {
  return power((headers) => post<Signed>("/dev/sign", { account: account.address, ...what }, headers));
}

async function nextNonce(account: Account): Promise<number> {
  return (await get<{ nonce: number }>(`/api/v1/accounts/${account.address}`)).nonce;
}

/** Signs and sends, as wallets do. BitPay relays and follows calls of its own contracts; the rest goes to the chain. */
async function signBuilt(account: Account, transaction: Stacks.StacksTransactionWire): Promise<object> {
  const { transaction: signed } = await sign(account, { tx: transaction.serialize() });
  return { transaction: signed, txid: await broadcast(signed) };
}

async function broadcast(tx: string): Promise<string> {
  try {
    return (await post<{ txid: string }>("/api/v1/transactions", { tx })).txid;
  } catch (error) {
    if (!(error instanceof ApiError) || error.problem.code !== FOREIGN) throw error;
    return (await power((headers) => post<{ txid: string }>("/dev/broadcast", { tx }, headers))).txid;
  }
}

async function callContract(params: Params): Promise<object> {
  const { contract, functionName, functionArgs = [], postConditions = [], postConditionMode = "deny", address } = params as unknown as CallParams;
  const [stacks, account] = await Promise.all([import("@stacks/transactions"), signer(address)]);
  const call = { stacks, title: functionName, contract, account, functionArgs, postConditions, mode: postConditionMode };
  if (!(await askToSign(call))) throw new Rejected();
  const [contractAddress = "", contractName = ""] = contract.split(".");
  const transaction = await stacks.makeUnsignedContractCall({
    contractAddress,
    contractName,
    functionName,
    functionArgs: functionArgs.map((argument) => stacks.Cl.deserialize(argument)),
    postConditions,
    postConditionMode,
    publicKey: account.publicKey,
    nonce: await nextNonce(account),
    fee: FEE,
    network: "devnet",
  });
  return signBuilt(account, transaction);
}

async function transferStx(params: Params): Promise<object> {
  const { recipient, amount, memo = "", address } = params as unknown as TransferParams;
  const [stacks, account] = await Promise.all([import("@stacks/transactions"), signer(address)]);
  const condition = stacks.postConditionToHex({ type: "stx-postcondition", address: account.address, condition: "eq", amount });
  const call = { stacks, title: "Send STX", contract: recipient, account, functionArgs: [], postConditions: [condition], mode: "deny" };
  if (!(await askToSign(call))) throw new Rejected();
  const transaction = await stacks.makeUnsignedSTXTokenTransfer({
    recipient,
    amount,
    memo,
    publicKey: account.publicKey,
    nonce: await nextNonce(account),
    fee: FEE,
    network: "devnet",
  });
  return signBuilt(account, transaction);
}

async function signTransaction(params: Params): Promise<object> {
  const [stacks, account] = await Promise.all([import("@stacks/transactions"), signer(params.address)]);
  const call = { stacks, title: "Sign a transaction", contract: "", account, functionArgs: [], postConditions: [], mode: "deny" };
  if (!(await askToSign(call))) throw new Rejected();
  const { transaction, txid } = await sign(account, { tx: params.transaction });
  return { transaction, txid };
}

/** Messages are signed without a question: demo keys prove nothing to anybody but this instance. */
async function signMessage(params: Params): Promise<object> {
  const { signature, publicKey } = await sign(await signer(params.address), { message: params.message });
  return { signature, publicKey };
}

async function signStructured({ domain, message, address }: Params): Promise<object> {
  const { signature, publicKey } = await sign(await signer(address), { structured: { domain, message } });
  return { signature, publicKey };
}

async function getAddresses(): Promise<object> {
  const { address, publicKey } = await signer();
  return { addresses: [{ symbol: "STX", address, publicKey }] };
}

const METHODS: Record<string, (params: Params) => Promise<object>> = {
  getAddresses,
  stx_getAddresses: getAddresses,
  stx_callContract: callContract,
  stx_transferStx: transferStx,
  stx_signTransaction: signTransaction,
  stx_signMessage: signMessage,
  stx_signStructuredMessage: signStructured,
};

async function request(method: string, params: Params = {}): Promise<object> {
  const answer = { jsonrpc: "2.0", id: crypto.randomUUID() };
  const run = METHODS[method];
  if (!run) return { ...answer, error: { code: NO_SUCH_METHOD, message: `The development wallet has no ${method}.` } };
  try {
    return { ...answer, result: await run(params) };
  } catch (error) {
    const isRejected = error instanceof Rejected;
    const message = isRejected ? "The user rejected the request." : error instanceof Error ? error.message : String(error);
    return { ...answer, error: { code: isRejected ? USER_REJECTED : UNKNOWN, message } };
  }
}

window.DevStacksProvider = { request } as unknown as NonNullable<typeof window.DevStacksProvider>;
(window.wbip_providers ??= []).push({ id: ID, name: "Development wallet", icon: ICON });
