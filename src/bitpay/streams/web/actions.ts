/** Opening, withdrawing and cancelling: each prepares a call on the server and hands it to the wallet. */
import { post } from "../../http/web/api";
import { one, onClick, page } from "../../http/web/dom";
import { perform } from "../../http/web/receipts";
import type { PreparedCall } from "../../http/web/wallet";

/** Resolves with whether the transaction was sent. */
async function act(button: HTMLElement, title: string, prepare: (sender: string) => Promise<PreparedCall>): Promise<boolean> {
  const sender = page.account;
  if (!sender) return false;
  button.setAttribute("disabled", "");
  const isSent = await perform(title, sender, () => prepare(sender));
  button.removeAttribute("disabled");
  return isSent;
}

onClick("[data-withdraw]", (button) => {
  const id = button.dataset.withdraw ?? "";
  void act(button, `Withdraw from stream ${id}`, (sender) => post(`/api/v1/streams/${id}/prepare-withdraw`, { sender }));
});

onClick("[data-open-dialog]", (button) => one<HTMLDialogElement>(button.dataset.openDialog ?? "")?.showModal());
onClick("[data-close-dialog]", (button) => button.closest("dialog")?.close());

onClick("[data-cancel]", (button) => {
  const id = button.dataset.cancel ?? "";
  button.closest("dialog")?.close();
  void act(button, `Cancel stream ${id}`, (sender) => post(`/api/v1/streams/${id}/prepare-cancel`, { sender }));
});

/** Once it is sent, its receipt goes on where the new stream will appear, and nobody signs the same form twice. */
async function open(button: HTMLElement, title: string, call: PreparedCall): Promise<void> {
  if (await act(button, title, () => Promise.resolve(call))) location.assign(`/streams?account=${page.account}`);
}

/** The form is checked on the server; where it holds, what comes back carries the call to sign. */
document.addEventListener("htmx:after:swap", () => {
  const ready = one("[data-prepared]");
  const call = ready?.dataset.prepared;
  if (!ready || !call) return;
  delete ready.dataset.prepared;
  const button = one('[data-testid="submit-create"]') ?? ready;
  void open(button, ready.dataset.title ?? "Open a stream", JSON.parse(call) as PreparedCall);
});
