/** Wallets, all through one path: `request` of @stacks/connect, loaded when a wallet is first used. */
import type * as Connect from "@stacks/connect";
import { ApiError, post } from "./api";
import { page } from "./dom";

/** A contract call that the API prepared; its first five members go to the wallet as they are. */
export interface PreparedCall {
  contract: `${string}.${string}`;
  functionName: string;
  functionArgs: string[];
  postConditions: string[];
  postConditionMode: "deny";
  network: string;
  summary: Record<string, unknown>;
}

declare global {
  interface Window {
    DevStacksProvider?: Connect.StacksProvider;
  }
}

const USER_SAID_NO = new Set([-32000, -31001]);

export class Declined extends Error {
  constructor() {
    super("you declined in the wallet. Nothing was sent.");
  }
}

/** The development wallet where there is one; otherwise connect asks which wallet, once. */
function options(): { enableLocalStorage: boolean; provider?: Connect.StacksProvider } {
  const provider = window.DevStacksProvider;
  return { enableLocalStorage: false, ...(provider && { provider }) };
}

async function ask<T>(run: (connect: typeof Connect) => Promise<T>): Promise<T> {
  try {
    return await run(await import("@stacks/connect"));
  } catch (error) {
    const { code, message } = (error ?? {}) as { code?: number; message?: string };
    if (code !== undefined && USER_SAID_NO.has(code)) throw new Declined();
    if (error instanceof ApiError) throw error;
    throw new Error(message || "The wallet did not answer.");
  }
}

/** Asks the wallet which accounts it has and returns the first on this page's network. */
export async function chooseAccount(): Promise<string> {
  const { addresses } = await ask(({ request }) =>
    request({ ...options(), forceWalletSelect: !window.DevStacksProvider }, "getAddresses", {}),
  );
  const ours = page.network === "mainnet" ? /^S[PM]/ : /^S[TN]/;
  const found = addresses.find(({ address }) => ours.test(address));
  if (!found) throw new Error(`This wallet has no ${page.network} account. Switch its network and try again.`);
  return found.address;
}

/** Has the wallet sign the call; relays it where the wallet does not, and returns the transaction's id. */
export async function signAndSend(call: PreparedCall, account: string): Promise<string> {
  const { contract, functionName, functionArgs, postConditions, postConditionMode, network } = call;
  const params = { contract, functionName, functionArgs, postConditions, postConditionMode, network, address: account };
  const answer = await ask(({ request }) =>
    request(options(), "stx_callContract", params as Connect.MethodParams<"stx_callContract">),
  );
  if (answer.txid) return answer.txid;
  if (!answer.transaction) throw new Error("The wallet gave back neither a transaction nor its id.");
  return (await post<{ txid: string }>("/api/v1/transactions", { tx: answer.transaction })).txid;
}

export async function signMessage(message: string): Promise<string> {
  return (await ask(({ request }) => request(options(), "stx_signMessage", { message }))).signature;
}
