/** The JSON API of our own origin. */

export interface Problem {
  code: string;
  detail: string;
  status: number;
}

export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

const TIMEOUT = 15_000;
let csrf = "";

export function rememberCsrf(token: string): void {
  csrf = token;
}

export function get<T>(path: string, headers: Record<string, string> = {}): Promise<T> {
  return send<T>("GET", path, undefined, headers);
}

/** Posts JSON. Another window may have signed in meanwhile: then the session's token is fetched and the call repeated. */
export async function post<T>(path: string, body: object, headers: Record<string, string> = {}): Promise<T> {
  const attempt = () => send<T>("POST", path, JSON.stringify(body), { ...headers, "X-CSRF-Token": csrf });
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof ApiError) || error.problem.code !== "csrf") throw error;
    rememberCsrf((await get<{ csrfToken: string }>("/api/v1/auth/session")).csrfToken);
    return attempt();
  }
}

async function send<T>(method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<T> {
  const type = body === undefined ? {} : { "Content-Type": "application/json" };
  const request = { method, headers: { Accept: "application/json", ...type, ...headers }, signal: AbortSignal.timeout(TIMEOUT) };
  const response = await fetch(path, body === undefined ? request : { ...request, body }).catch(() => null);
  if (response === null) throw new ApiError({ code: "offline", detail: "BitPay does not answer. Check the connection and try again.", status: 0 });
  const answer: unknown = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(problemOf(answer, response));
  return answer as T;
}

function problemOf(answer: unknown, response: Response): Problem {
  const { code, detail } = (answer ?? {}) as Partial<Problem>;
  return { code: code ?? "http_error", detail: detail ?? `The server answered ${response.status}.`, status: response.status };
}
