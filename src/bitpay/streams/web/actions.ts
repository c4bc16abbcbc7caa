/** Creating, withdrawing and cancelling: each prepares a call on the server and hands it to the wallet. */
import { post } from "../../http/web/api";
import { one, onClick, page } from "../../http/web/dom";
import { isUnderWay, perform } from "../../http/web/receipts";
import type { PreparedCall } from "../../http/web/wallet";

/** Resolves with whether the transaction was sent. While it is under way its button rests: see counters.ts. */
async function act(action: string, title: string, prepare: (sender: string) => Promise<PreparedCall>): Promise<boolean> {
  const sender = page.account;
  return !!sender && !isUnderWay(action) && perform(action, title, sender, () => prepare(sender));
}

onClick("[data-withdraw]", (button) => {
  const id = button.dataset.withdraw ?? "";
  void act(`withdraw-${id}`, `Withdraw from stream ${id}`, (sender) => post(`/api/v1/streams/${id}/prepare-withdraw`, { sender }));
});

onClick("[data-open-dialog]", (button) => one<HTMLDialogElement>(button.dataset.openDialog ?? "")?.showModal());
onClick("[data-close-dialog]", (button) => button.closest("dialog")?.close());

onClick("[data-cancel]", (button) => {
  const id = button.dataset.cancel ?? "";
  button.closest("dialog")?.close();
  void act(`cancel-${id}`, `Cancel stream ${id}`, (sender) => post(`/api/v1/streams/${id}/prepare-cancel`, { sender }));
});

/** Nobody signs the same form twice; another form may be signed while this one's transaction waits for its block. */
const form = `create-${crypto.randomUUID()}`;

/** Once it is sent, its receipt goes on where the new stream will appear. */
async function create(title: string, call: PreparedCall): Promise<void> {
  const button = one<HTMLButtonElement>('[data-testid="submit-create"]');
  if (button) button.disabled = true;
  const isSent = await act(form, title, () => Promise.resolve(call));
  if (isSent) location.assign(`/streams?account=${page.account}`);
  else if (button) button.disabled = false;
}

onClick("[data-fill]", (button) => {
  const field = one<HTMLInputElement>(`[name="${button.dataset.fill}"]`);
  if (!field) return;
  field.value = button.getAttribute("value") ?? "";
  field.dispatchEvent(new Event("input", { bubbles: true }));
});

/** Takes whoever wanted to sign to the first field that is wrong. */
function lead(to: string): void {
  const field = one(`[name="${to}"]`);
  field?.closest("details")?.setAttribute("open", "");
  field?.focus();
}

/** The form is checked on the server; where it holds, what comes back carries the call to sign. */
document.addEventListener("htmx:after:swap", () => {
  const preview = one("#preview");
  if (preview?.dataset.refused) lead(preview.dataset.refused);
  delete preview?.dataset.refused;
  const ready = one("[data-prepared]");
  const call = ready?.dataset.prepared;
  if (!ready || !call) return;
  delete ready.dataset.prepared;
  void create(ready.dataset.title ?? "Create a stream", JSON.parse(call) as PreparedCall);
});
