/** The live line to the server: blocks as they come, rooms of what is shown, and a banner when the line is down. */
import { io } from "socket.io-client";
import { grouped } from "./amounts";
import { chainHeight, hearBlock, readClock } from "./clock";
import { all, one, page, setText } from "./dom";
import { socketToken } from "./session";

/** Said on `document` with every block; a page part that shows something the block touched is fetched again. */
export const BLOCK = "bitpay:block";
/** Said on `document.body`: fetch what is shown again. */
const MOVED = "bitpay:moved";
/** What is said within this time of each other asks for one answer (ms). */
const MERGED = 20;
/** A line that is back sooner was never worth a banner (ms). */
const PATIENCE = 1_500;

interface BlockNews {
  height: number;
  time: number;
  hash: string;
  streams?: number[];
  accounts?: string[];
  /** Whether everything that was touched is named. */
  whole?: boolean;
}

const socket = io({ path: "/socket.io", transports: ["websocket", "polling"], auth: (give) => void socketToken().then(give) });
let joined = new Set<string>();
let banner: ReturnType<typeof setTimeout> | undefined;
let lost = false;

export function isLive(): boolean {
  return socket.connected;
}

function shown(): HTMLElement | null {
  return one("#live");
}

function shownStreams(): Set<string> {
  return new Set((shown()?.dataset.streams ?? "").split(" ").filter(Boolean));
}

let isWaiting = false;

/** Has what is shown fetched again, once for all that is said at about the same time. */
export function refresh(): void {
  if (isWaiting) return;
  isWaiting = true;
  setTimeout(() => {
    isWaiting = false;
    document.body.dispatchEvent(new CustomEvent(MOVED));
  }, MERGED);
}

/** Whether what is shown may have changed: by this block, or by one that was never heard of. */
function touches({ streams = [], accounts = [], whole = true, height }: BlockNews): boolean {
  if (!whole || BigInt(height) > chainHeight() + 1n) return true;
  const known = shownStreams();
  return streams.some((id) => known.has(String(id))) || (!!page.account && accounts.includes(page.account));
}

function joinRooms(): void {
  const wanted = shownStreams();
  for (const id of wanted) if (!joined.has(id)) socket.emit("join-stream-room", { streamId: Number(id) });
  for (const id of joined) if (!wanted.has(id)) socket.emit("leave-stream-room", { streamId: Number(id) });
  joined = wanted;
}

async function joinUserRoom(): Promise<void> {
  if (page.account && (await socketToken()).token) socket.emit("join-user-room", { address: page.account });
}

function showHead(): void {
  for (const element of all("[data-head]")) setText(element, grouped(chainHeight()));
  for (const element of all("[data-pulse]")) element.toggleAttribute("data-beat");
}

function showBanner(isStale: boolean): void {
  one("[data-stale]")?.toggleAttribute("hidden", !isStale);
  document.documentElement.toggleAttribute("data-offline", isStale);
}

socket.on("connect", () => {
  clearTimeout(banner);
  showBanner(false);
  joined = new Set();
  joinRooms();
  void joinUserRoom();
  if (lost) refresh(); // catch up on what was missed
  lost = false;
});

socket.on("disconnect", () => {
  lost = true;
  banner = setTimeout(() => showBanner(true), PATIENCE);
});

socket.on("connect_error", () => {
  lost = true;
  banner ??= setTimeout(() => showBanner(true), PATIENCE);
});

socket.on("chain:block", (news: BlockNews) => {
  const isTouched = touches(news);
  hearBlock(news.time, news.height);
  showHead();
  if (isTouched) refresh();
  document.dispatchEvent(new CustomEvent(BLOCK, { detail: news }));
});

for (const event of ["stream:created", "stream:withdrawal", "stream:cancelled", "stream:updated", "room:reload"]) socket.on(event, refresh);

readClock(document.body);
document.addEventListener("htmx:after:swap", () => {
  readClock(shown());
  showHead();
  joinRooms();
});
