/** A transaction's life, told as it happens: signing, pending, in a block, or failed with the reason. */
import { change, grouped, sbtc } from "./amounts";
import { get } from "./api";
import { all, make, one } from "./dom";
import { BLOCK, isLive } from "./live";
import { Declined, type PreparedCall, signAndSend } from "./wallet";

type State = "signing" | "pending" | "success" | "failed" | "declined";

interface Receipt {
  id: string;
  /** What is being done, like "withdraw-7": one at a time. */
  action: string;
  title: string;
  account: string;
  state: State;
  txid?: string;
  detail?: string;
  before?: string;
  after?: string;
  link?: string;
}

interface Followed {
  status: "pending" | "success" | "abort_by_response" | "abort_by_post_condition" | "dropped";
  reason?: string | null;
  block?: { height: number } | number | null;
}

const KEPT = "bitpay.receipts";
const SHOWN = 3;
/** How often a transaction is asked about while no block arrives (ms): the net below the live line. */
const NET = 5_000;
/** A block is told before all that follows from it can be read: what is still pending then is asked about again (ms). */
const AGAIN = 750;
const WORDS: Record<State, string> = { signing: "Waiting for your signature", pending: "Sent, waiting for a block", success: "In block", failed: "Failed:", declined: "Not signed:" };

let receipts: Receipt[] = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]") as Receipt[];

/** Prepares, signs, sends and follows one call for an account. Resolves with whether it was sent. */
export async function perform(action: string, title: string, account: string, prepare: () => Promise<PreparedCall>): Promise<boolean> {
  const receipt: Receipt = { id: crypto.randomUUID(), action, title, account, state: "signing" };
  receipts = [...receipts.filter(isOpen), receipt].slice(-SHOWN);
  tell(receipt, {});
  try {
    const [call, before] = await Promise.all([prepare(), balance(account)]);
    const txid = await signAndSend(call, account);
    tell(receipt, { state: "pending", txid, before });
    return true;
  } catch (error) {
    const state = error instanceof Declined ? "declined" : "failed";
    tell(receipt, { state, detail: error instanceof Error ? error.message : String(error) });
    return false;
  }
}

/** Whether this is being signed, or waits for its block. */
export function isUnderWay(action: string): boolean {
  return receipts.some((receipt) => receipt.action === action && isOpen(receipt));
}

function isOpen({ state }: Receipt): boolean {
  return state === "signing" || state === "pending";
}

async function balance(account: string): Promise<string> {
  return String((await get<{ sbtc: number }>(`/api/v1/accounts/${account}`)).sbtc);
}

/** Notes what is new about a receipt, keeps it for the next page, and shows it. */
function tell(receipt: Receipt, news: Partial<Receipt>): void {
  Object.assign(receipt, news);
  sessionStorage.setItem(KEPT, JSON.stringify(receipts));
  draw();
}

async function followAll(): Promise<void> {
  await Promise.all(receipts.filter(({ state }) => state === "pending").map(follow));
}

async function follow(receipt: Receipt): Promise<void> {
  const found = await get<Followed>(`/api/v1/transactions/${receipt.txid}`).catch(() => null);
  if (!found || found.status === "pending" || receipt.state !== "pending") return;
  if (found.status !== "success") {
    tell(receipt, { state: "failed", detail: found.reason ?? "The chain refused it. Nothing moved." });
    return;
  }
  const height = typeof found.block === "object" ? found.block?.height : found.block;
  const [after, link] = await Promise.all([balance(receipt.account).catch(() => undefined), created(receipt)]);
  tell(receipt, { state: "success", ...(height && { detail: grouped(height) }), ...(after && { after }), ...(link && { link }) });
}

/** The page of the stream that this transaction opened, if it opened one. */
async function created({ account, txid }: Receipt): Promise<string | undefined> {
  const path = `/api/v1/streams?sender=${account}&limit=10`;
  const { items } = await get<{ items: { streamId: number; txid: string }[] }>(path).catch(() => ({ items: [] }));
  const opened = items.find((stream) => plain(stream.txid) === plain(txid ?? ""));
  return opened && `/streams/${opened.streamId}?account=${account}`;
}

function plain(txid: string): string {
  return txid.replace(/^0x/, "");
}

function draw(): void {
  const newest = receipts.at(-1)?.id;
  one("#receipts")?.replaceChildren(...receipts.map((receipt) => card(receipt, receipt.id === newest)));
}

function card(receipt: Receipt, isNewest: boolean): HTMLElement {
  const { state, title, detail, link } = receipt;
  const close = make("button", { type: "button", class: "receipt-close", "data-dismiss": receipt.id, "aria-label": "Dismiss" }, "×");
  const line = make("span", { class: "receipt-line", "aria-hidden": "true" });
  const word = make("p", { class: "receipt-state" }, WORDS[state], ...(detail ? [" ", detail] : []));
  const parts = [make("p", { class: "receipt-title" }, title), line, word, ...balances(receipt)];
  if (link) parts.push(make("a", { href: link, class: "receipt-link" }, "See the stream"));
  if (receipt.txid) parts.push(make("p", { class: "receipt-txid", title: receipt.txid }, `0x${plain(receipt.txid).slice(0, 16)}…`));
  const names = isNewest ? { "data-testid": "tx-status" } : {};
  return make("li", { class: "receipt", "data-state": state, ...names }, close, ...parts);
}

function balances({ before, after }: Receipt): HTMLElement[] {
  if (before === undefined || after === undefined) return [];
  const difference = BigInt(after) - BigInt(before);
  const pair = (term: string, sats: bigint) => [make("dt", {}, term), make("dd", { class: "figure" }, sbtc(sats))];
  const list = make("dl", { class: "receipt-balances", "data-testid": "tx-balances" }, ...pair("Your sBTC before", BigInt(before)), ...pair("Your sBTC after", BigInt(after)));
  list.append(make("dt", {}, "Change"), make("dd", { class: "figure receipt-change" }, change(difference)));
  return [list];
}

document.addEventListener("click", (event) => {
  const id = event.target instanceof HTMLElement ? event.target.dataset.dismiss : undefined;
  if (id === undefined) return;
  receipts = receipts.filter((receipt) => receipt.id !== id);
  sessionStorage.setItem(KEPT, JSON.stringify(receipts));
  draw();
});

document.addEventListener(BLOCK, () => {
  void followAll();
  setTimeout(() => void followAll(), AGAIN);
});
setInterval(() => void (isLive() ? undefined : followAll()), NET);
// what has ended was read on the page where it ended; a signature asked for there will never come
receipts = receipts.filter(({ state }) => state === "pending");
if (all("#receipts").length) draw();
void followAll();
