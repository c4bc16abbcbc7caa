/** Opening, withdrawing and cancelling: each prepares a call on the server and hands it to the wallet. */
import { post } from "../../http/web/api";
import { one, onClick, page } from "../../http/web/dom";
import { perform } from "../../http/web/receipts";
import type { PreparedCall } from "../../http/web/wallet";

async function act(button: HTMLElement, title: string, prepare: (sender: string) => Promise<PreparedCall>): Promise<void> {
  const sender = page.account;
  if (!sender) return;
  button.setAttribute("disabled", "");
  await perform(title, sender, () => prepare(sender));
  button.removeAttribute("disabled");
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

/** The form is checked on the server; where it holds, what comes back carries the call to sign. */
document.addEventListener("htmx:after:swap", () => {
  const ready = one("[data-prepared]");
  const call = ready?.dataset.prepared;
  if (!ready || !call) return;
  delete ready.dataset.prepared;
  const button = one('[data-testid="submit-create"]') ?? ready;
  void act(button, ready.dataset.title ?? "Open a stream", () => Promise.resolve(JSON.parse(call) as PreparedCall));
});
