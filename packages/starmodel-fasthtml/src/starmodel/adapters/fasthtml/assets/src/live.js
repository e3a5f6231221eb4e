// The one live stream of a page, described by <div id="sm-live" data-url data-after>: resumed where it ended, for ever.
import { on, receive } from "./frames.js";
import { takesFormAway } from "./meanwhile.js";
import { byId, showBanner, toDatastar } from "./page.js";
import { toast } from "./toasts.js";
import { say } from "./words.js";

const stream = { url: "", last: "", tries: 0, opened: 0, source: null, timer: 0, alarm: 0, watch: 0, refreshing: false };
// Milliseconds without a word: of a server that was asked, and of a stream, which says something every 20 seconds.
const SILENCE = { opening: 10000, open: 45000 };
const liveUrl = () => byId("sm-live")?.dataset.url ?? "";

function connect() {
  disconnect();
  const url = liveUrl();
  if (url !== stream.url) Object.assign(stream, { url, last: byId("sm-live")?.dataset.after });
  if (!url || document.hidden) return;
  const address = new URL(url, location.href);
  if (stream.last) address.searchParams.set("after", stream.last);
  stream.alarm ||= setTimeout(setOnline, 1000, false);
  stream.opened = Infinity;
  stream.source = new EventSource(address);
  expect(SILENCE.opening);
  stream.source.onopen = () => {
    expect(SILENCE.open);
    stream.opened = Date.now();
    setOnline(true);
  };
  stream.source.onerror = reconnect; // the browser itself gives up after an HTTP error
  stream.source.addEventListener("sm-beat", () => expect(SILENCE.open));
  for (const type of ["datastar-patch-elements", "datastar-patch-signals", "sm-ask", "sm-broken", "sm-hello", "sm-stale"])
    stream.source.addEventListener(type, ({ data, lastEventId }) => {
      expect(SILENCE.open);
      if (lastEventId) stream.last = lastEventId;
      if (type !== "datastar-patch-elements" || !takesFormAway(data)) receive(type, data, document.body);
    });
}

// A network may forget a connection, and a machine stand still: the browser would wait for ever.
function expect(within) {
  clearTimeout(stream.watch);
  stream.watch = setTimeout(reconnect, within);
}

function disconnect() {
  clearTimeout(stream.timer);
  clearTimeout(stream.watch);
  stream.source?.close();
  stream.source = null;
}

function reconnect() {
  disconnect();
  if (!liveUrl()) return;
  if (Date.now() - stream.opened > 1500) stream.tries = 0; // it had been well
  document.documentElement.dataset.online = "false";
  stream.alarm ||= setTimeout(setOnline, 1000, false);
  stream.timer = setTimeout(connect, Math.min(300 * 1.6 ** stream.tries++, 5000) * (0.75 + Math.random() / 4));
}

function setOnline(is, why = say("Connection lost. Reconnecting…")) {
  clearTimeout(stream.alarm);
  stream.alarm = 0;
  document.documentElement.dataset.online = String(is);
  showBanner(is ? "" : why);
}

// A hidden tab needs no stream, and over HTTP/1.1 a browser has only six connections for all its tabs.
function pause() {
  disconnect();
  clearTimeout(stream.alarm);
  stream.alarm = 0;
}

function resume() {
  stream.tries = 0;
  connect();
}

// The application cannot be loaded as it is now: said to whoever develops it, and mended by a change of its files.
on("sm-broken", (data) => setOnline(false, JSON.parse(data)));

on("sm-hello", (data) => {
  const { fresh, message } = JSON.parse(data);
  if (fresh) toast(message ?? say("The server restarted with empty memory; this page starts afresh."));
});

// The page's token means nothing to the server any more. A reload would lose what is being typed, a morph does not.
on("sm-stale", async () => {
  disconnect();
  stream.refreshing = true;
  try {
    if (await refresh()) stream.url = null; // whatever stream this is, it starts from its own place
  } catch {
    // Not reachable just now: the stream asks again, and is told again that the page is stale.
  } finally {
    stream.refreshing = false;
    reconnect();
  }
});

// Show the page as it is now; an error page is none.
export async function refresh() {
  const reply = await fetch(location.href, { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await reply.text(), "text/html");
  if (!page.getElementById("sm-page")) return false; // keep what is here and ask again
  if (!page.getElementById("sm-live")) byId("sm-live")?.remove();
  for (const part of page.querySelectorAll("#sm-page,#sm-live"))
    if (!takesFormAway(part.outerHTML)) toDatastar("datastar-patch-elements", document.body, { elements: part.outerHTML });
  return true;
}

// A patch may bring another stream, or the first one.
document.addEventListener("datastar-fetch", ({ detail: { type } }) => {
  if (type === "datastar-patch-elements" && !stream.refreshing && liveUrl() !== stream.url) connect();
});
document.addEventListener("starmodel:stream", connect);
document.addEventListener("visibilitychange", () => (document.hidden ? pause() : resume()));
addEventListener("pagehide", pause);
addEventListener("pageshow", ({ persisted }) => persisted && resume());
connect();
