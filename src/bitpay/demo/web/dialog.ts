/** What is about to be signed, in words, and the question whether to sign it. */
import type * as Stacks from "@stacks/transactions";
import { sbtc } from "../../http/web/amounts";
import { make } from "../../http/web/dom";

export interface CallParams {
  contract: string;
  functionName: string;
  functionArgs?: string[];
  postConditions?: string[];
  postConditionMode?: "deny" | "allow";
  address?: string;
}

export interface TransferParams {
  recipient: string;
  amount: string;
  memo?: string;
  address?: string;
}

interface Question {
  stacks: typeof Stacks;
  title: string;
  contract: string;
  account: { name: string; address: string };
  functionArgs: string[];
  postConditions: string[];
  mode: string;
}

const COMPARED: Record<string, string> = { eq: "exactly", gt: "more than", gte: "at least", lt: "less than", lte: "at most" };

/** Shows the question and resolves with the answer; closing the dialog is a no. */
export function askToSign(question: Question): Promise<boolean> {
  const dialog = make("dialog", { class: "dialog", "aria-labelledby": "sign-title", "data-testid": "sign-dialog" }) as HTMLDialogElement;
  const yes = make("button", { class: "button", value: "sign", "data-testid": "confirm-sign" }, "Sign");
  const no = make("button", { class: "button quiet", value: "no", "data-testid": "reject-sign" }, "Reject");
  const form = make("form", { method: "dialog" }, ...describe(question), make("p", { class: "dialog-actions" }, no, yes));
  dialog.append(form);
  document.body.append(dialog);
  dialog.showModal();
  yes.focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "sign");
    });
  });
}

function describe({ stacks, title, contract, account, functionArgs, postConditions, mode }: Question): HTMLElement[] {
  const values = functionArgs.map((argument) => make("li", {}, stacks.cvToString(stacks.Cl.deserialize(argument))));
  const promises = postConditions.map((hex) => make("li", {}, promise(stacks, hex, account)));
  return [
    make("p", { class: "kicker" }, `Development wallet, ${capitalized(account.name)}`),
    make("h2", { id: "sign-title" }, title),
    make("p", { class: "address" }, contract),
    ...section("With", values, "sign-values"),
    ...section(mode === "deny" ? "Nothing moves but" : "Anything may move, and", promises, "sign-promises"),
  ];
}

function section(title: string, items: HTMLElement[], name: string): HTMLElement[] {
  return items.length ? [make("h3", { class: "label" }, title), make("ul", { class: name }, ...items)] : [];
}

/** "Alice sends exactly 0.01001000 sBTC" */
function promise(stacks: typeof Stacks, hex: string, account: Question["account"]): string {
  const condition = stacks.wireToPostCondition(stacks.deserializePostConditionWire(hex));
  const isSigner = condition.address === account.address || condition.address === "origin";
  const who = isSigner ? capitalized(account.name) : shortened(condition.address);
  if (condition.type === "ft-postcondition") return `${who} sends ${COMPARED[condition.condition]} ${token(condition.asset, BigInt(condition.amount))}`;
  if (condition.type === "stx-postcondition") return `${who} sends ${COMPARED[condition.condition]} ${Number(condition.amount) / 1e6} STX`;
  if (condition.type === "nft-postcondition") return `${who}: ${condition.asset.split("::")[1]} ${stacks.cvToString(condition.assetId)} ${condition.condition}`;
  return `${who}: ${condition.type} ${condition.condition}`;
}

function token(asset: string, amount: bigint): string {
  const name = asset.split("::")[1];
  return name === "sbtc-token" ? `${sbtc(amount)} sBTC` : `${amount} ${name}`;
}

function shortened(principal: string): string {
  const [address = "", name] = principal.split(".");
  return name ?? `${address.slice(0, 6)}…${address.slice(-4)}`;
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
