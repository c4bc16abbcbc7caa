/** The frame around every page. */
import "htmx.org";
import "./theme";
import "./live";
import "./receipts";
import { one, onClick, page } from "./dom";
import { chooseAccount } from "./wallet";

/** The account this window looks at; another window may look at another. */
const ACCOUNT = "bitpay.account";

document.documentElement.classList.add("js");

function keepAccount(): void {
  if (page.account) sessionStorage.setItem(ACCOUNT, page.account);
}

/** Brings the window's account back where an address was opened without one. */
function recallAccount(): void {
  const account = sessionStorage.getItem(ACCOUNT);
  if (page.account || !account || page.recall === undefined) return;
  const url = new URL(location.href);
  url.searchParams.set("account", account);
  location.replace(url);
}

async function connectWallet(button: HTMLElement): Promise<void> {
  const said = one("[data-connect-error]");
  button.setAttribute("disabled", "");
  try {
    location.assign(`/streams?account=${await chooseAccount()}`);
  } catch (error) {
    if (said) said.textContent = error instanceof Error ? error.message : String(error);
  } finally {
    button.removeAttribute("disabled");
  }
}

async function copy(button: HTMLElement): Promise<void> {
  await navigator.clipboard.writeText(button.dataset.copy ?? "");
  button.dataset.copied = "";
  setTimeout(() => delete button.dataset.copied, 1_500);
}

keepAccount();
recallAccount();
onClick("[data-connect]", (button) => void connectWallet(button));
onClick("[data-copy]", (button) => void copy(button));
document.addEventListener("change", (event) => {
  const field = event.target instanceof HTMLElement ? event.target.closest<HTMLFormElement>("form[data-submit-on-change]") : null;
  field?.requestSubmit();
});
