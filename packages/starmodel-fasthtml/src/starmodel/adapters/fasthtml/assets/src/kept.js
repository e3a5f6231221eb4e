// Entities that this browser keeps: a tab's own in sessionStorage, those of all its tabs in localStorage. The page names
// them in <div id="sm-kept">; each command brings what is kept, and its answer says what to keep from then on. A page that
// shows another version than is kept asks for itself again. Values are text that only the server reads.
import { keeper } from "./commands.js";
import { on, readFrames } from "./frames.js";
import { byId } from "./page.js";
import { toast } from "./toasts.js";
import { say } from "./words.js";

const SCHEMA = 1;
const shown = () => JSON.parse(byId("sm-kept")?.dataset.kept ?? "[]");
const box = ({ store }) => (store === "client_local" ? localStorage : sessionStorage);
const nameOf = ({ entity, id }) => `starmodel:${entity}:${id}`;

// What is kept of one, null for nothing: {schema, version, until, data}.
function kept(it) {
  let text = null;
  try {
    text = box(it).getItem(nameOf(it));
    const found = JSON.parse(text);
    if (found && typeof found !== "object") throw new TypeError("it was not written here");
    if (!found?.until || Date.now() < found.until) return found;
    box(it).removeItem(nameOf(it));
  } catch {
    if (text !== null) setAside(it);
  }
  return null;
}
const versionOf = (it) => kept(it)?.version ?? 0;

// It may be all that is left of something: the next one that does not fit takes its place, and nothing else does.
function setAside(it) {
  const text = box(it).getItem(nameOf(it));
  put(it, null);
  try {
    if (text !== null) box(it).setItem(`${nameOf(it)}:unfit`, text);
  } catch {
    // No room for it.
  }
}

function carried() {
  const found = shown().map((it) => [it, kept(it)]);
  return found.flatMap(([{ entity, id }, it]) => (it ? [{ entity, id, version: it.version, schema: it.schema, data: it.data }] : []));
}

// The body of a command with what is kept by now beside its arguments.
function bring(text, isForm) {
  if (!byId("sm-kept")) return text;
  if (!isForm) return JSON.stringify({ ...JSON.parse(text), _kept: carried() });
  return `${text}${text && "&"}${new URLSearchParams({ _kept: JSON.stringify(carried()) })}`;
}

// Keep what an answer says, all of it or nothing. Resolve to what is wrong, null for nothing; an error is thrown when
// another tab was faster: then the command is to be sent again, with what that one has made of it.
async function take(changes) {
  const problem = await alone(changes, () => {
    if (changes.some((it) => versionOf(it) !== it.from)) throw new Error("another tab was faster");
    const before = changes.map((it) => [it, box(it).getItem(nameOf(it))]);
    try {
      for (const it of changes) put(it, it.data === null ? null : JSON.stringify({ schema: it.schema, version: it.version, until: it.ttl && Date.now() + it.ttl * 1000, data: it.data }));
    } catch {
      for (const [it, text] of before) put(it, text);
      return { detail: say("This browser has no room left for that, or is not allowed to keep anything. Nothing was changed.") };
    }
    return null;
  });
  look();
  return problem;
}

// What one tab writes into localStorage another sees a moment later; who holds a lock is the same for all at once. So
// whoever changes a version has a lock on it, until no tab can have that version any more.
const A_MOMENT = 2000;
const held = new Map(); // lock -> how it is let go
function alone(changes, run) {
  const [first, ...others] = changes.filter((it) => it.store === "client_local");
  if (!first || !navigator.locks) return run();
  const name = `${nameOf(first)}:${first.from}`;
  return new Promise((resolve, reject) => {
    navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
      try {
        if (!lock) throw new Error("another tab was faster");
        resolve(await alone(others, run));
        await new Promise((wake) => held.set(name, wake) && setTimeout(wake, A_MOMENT));
        held.delete(name);
      } catch (error) {
        reject(error);
      }
    });
  });
}

function put(it, text) {
  if (text !== null) return box(it).setItem(nameOf(it), text);
  box(it).removeItem(nameOf(it));
  held.get(`${nameOf(it)}:0`)?.(); // there is nothing again, as a tab that lags behind may think
}

let asking = false;
let again = false;
const differs = () => shown().some((it) => versionOf(it) !== it.version);

// Ask for the page as it is with what is kept, if it shows something else.
function look() {
  if (differs()) ask();
}

async function ask() {
  again = true;
  if (asking) return;
  asking = true;
  for (let tries = 0, answered = ""; again && byId("sm-kept"); ) {
    again = false;
    const body = JSON.stringify({ page: byId("sm-kept").dataset.page, _kept: carried() });
    try {
      await show(body);
      if (differs() && body === answered) break; // whatever it is told, it shows something else
      answered = body;
    } catch {
      again = true; // the server cannot be reached, or not now
      await new Promise((wake) => setTimeout(wake, Math.min(300 * 1.6 ** tries++, 5000)));
    }
    again ||= differs();
  }
  asking = false;
}

async function show(body) {
  const { url, needs } = byId("sm-kept").dataset;
  let live = null;
  const reply = await fetch(url, { method: "POST", headers: { "Content-Type": "application/json", "StarModel-Request": "1" }, body });
  if (reply.status >= 500 || reply.status === 429) throw new Error(reply.statusText);
  if (!reply.headers.get("Content-Type")?.includes("event-stream")) {
    const problem = await reply.json().catch(() => ({}));
    return toast(problem.detail ?? say("This did not work ({status}).", { status: reply.status }), "error");
  }
  await readFrames(reply.body, document.body, {
    "sm-live": (data) => (live = JSON.parse(data).html),
    "sm-unfit": (data) => {
      const { entity, id, detail } = JSON.parse(data);
      shown().filter((it) => it.entity === entity && it.id === id).forEach(setAside);
      toast(detail, "error");
    },
  });
  if (live !== null && needs !== byId("sm-kept")?.dataset.needs) replaceStream(live);
}

// What the page depends on at the server is another now: so is its stream.
function replaceStream(html) {
  byId("sm-live")?.remove();
  byId("sm-page").insertAdjacentHTML("afterend", html);
  document.dispatchEvent(new Event("starmodel:stream"));
}

Object.assign(keeper, { bring, take, doubt: ask });
on("sm-ask", ask); // something on the page has changed at the server, which cannot make it alone
document.addEventListener("datastar-fetch", ({ detail: { type } }) => {
  if (type !== "datastar-patch-elements" || !byId("sm-kept")) return;
  if (!asking) look();
});
addEventListener("storage", ({ key }) => (key === null || key.startsWith("starmodel:")) && look());
addEventListener("pageshow", look);
look();
