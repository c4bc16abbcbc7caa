/**
 * Signing in: the wallet signs a one-time message, once per window, account and five minutes, and only where that
 * needs no question.
 */
import { post, rememberCsrf } from "./api";
import { page } from "./dom";
import { signMessage } from "./wallet";

const KEPT = "bitpay.token.";
/** Renewed this long before it ends (ms). */
const MARGIN = 30_000;

interface Kept {
  token: string;
  until: number;
}

function kept(): Kept | null {
  const found = JSON.parse(sessionStorage.getItem(KEPT + page.account) ?? "null") as Kept | null;
  return found && found.until - MARGIN > Date.now() ? found : null;
}

async function signIn(address: string): Promise<string> {
  const { message } = await post<{ message: string }>("/api/v1/auth/challenge", { address });
  const signature = await signMessage(message);
  const { csrfToken } = await post<{ csrfToken: string }>("/api/v1/auth/verify", { address, message, signature });
  rememberCsrf(csrfToken);
  const { token, expiresIn } = await post<{ token: string; expiresIn: number }>("/api/v1/auth/token", {});
  sessionStorage.setItem(KEPT + address, JSON.stringify({ token, until: Date.now() + expiresIn * 1000 }));
  return token;
}

/** After a refusal this window does without for so long (ms): what is public is shown all the same. */
const PAUSE = 60_000;

let running: Promise<{ token?: string }> | null = null;
let refusedAt = -Infinity;

/** The socket's proof of who this window is; empty for a visitor, and for a wallet that would have to ask. */
export function socketToken(): Promise<{ token?: string }> {
  const found = kept();
  if (found) return Promise.resolve({ token: found.token });
  if (!page.account || !window.DevStacksProvider || performance.now() - refusedAt < PAUSE) return Promise.resolve({});
  running ??= signIn(page.account)
    .then((token) => ({ token }), refused)
    .finally(() => (running = null));
  return running;
}

function refused(): { token?: string } {
  refusedAt = performance.now();
  return {};
}
