// The action `@send(url, args?, {base, confirm, latest, what, after}?)`: one call is one command, done once however bad the network is.
// On a form it sends the form's fields. Commands of one entity go one after the other, different entities side by side.
import { action } from "datastar";
import { readFrames } from "./frames.js";
import { ask, toDatastar } from "./page.js";
import { showProblem, unmark } from "./problems.js";
import { toast } from "./toasts.js";
import { baseOf, editOf, forget, forgetBase, initial, isField, read, settle, write } from "./typing.js";
import { say } from "./words.js";

// What kept.js does on pages that show something that this browser keeps.
export const keeper = { bring: (text) => text, take: () => null, doubt() {} };

const lanes = new Map(); // entity -> its commands, the first one on its way
const waiting = new Map(); // element -> {count, timer}
const AGAIN = new Set([408, 429, 502, 503, 504]); // whoever answers this has not done it, or cannot say
const UNSURE = new Set([408, 502, 504]);
const PATIENCE = 45000; // milliseconds in which such an answer may become another one
const undone = new Map(); // what was given up -> its key: the same sent again is the same command
const nameOf = ({ url, text }) => `${url} ${text}`;
// An event that was done too often is an answer: its reader is told when to try again.
const isRefused = (reply) => reply.headers.has("StarModel-Refused");

export function send({ el, evt }, url, args, options = {}) {
  const form = el instanceof HTMLFormElement && el;
  // Key, arguments and headers are fixed here: however often they go out, it is the same command.
  const job = { el, url, form, latest: options.latest, lane: laneOf(url), edit: editOf(evt?.target) ?? editOf(el), options };
  job.headers = {
    Accept: "text/event-stream",
    "Content-Type": form ? "application/x-www-form-urlencoded" : "application/json",
    "StarModel-Request": "1",
  };
  const base = options.base ?? (form ? baseOf(form) : null);
  if (base != null) job.headers["StarModel-Base-Version"] = String(base);
  job.text = form ? formText(form, evt?.submitter, args) : JSON.stringify(args ?? {});
  job.headers["Idempotency-Key"] = undone.get(nameOf(job)) ?? newKey();
  job.values = (form ? [...form.elements] : [el]).filter(isField).map((field) => [field, read(field)]);
  job.submitted = evt?.type === "submit" && form; // not a form that saves itself on every change
  if (!options.confirm) return enqueue(job);
  const button = evt?.submitter ?? el;
  ask(options.confirm, button.ariaLabel || button.textContent.trim()).then((yes) => yes && enqueue(job));
}

action({ name: "send", apply: send });

// A button that is all HTML, as rows have them by the hundred: it posts the page's own form.
document.addEventListener("click", (evt) => {
  const el = evt.target instanceof Element && evt.target.closest("button[data-sm-send]");
  if (!el) return;
  evt.preventDefault();
  const args = el.name ? { [el.name]: el.value } : {};
  const what = say("{what}: done", { what: el.ariaLabel || el.textContent.trim() });
  send({ el, evt }, el.getAttribute("formaction"), args, { confirm: el.dataset.confirm, what });
});

// "/todo/7/toggle" belongs to "todo/7", the class-level "/todo/create" to "todo".
function laneOf(url) {
  const parts = new URL(url, location.href).pathname.split("/").filter(Boolean);
  return parts.slice(0, parts.length > 2 ? 2 : 1).join("/");
}

// randomUUID would need a secure context, which a phone on the local network does not have.
function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function formText(form, submitter, args) {
  const data = new FormData(form, submitter);
  for (const box of form.elements) {
    if (box.type !== "checkbox" || !box.name || box.matches(":disabled")) continue;
    const alone = form.elements[box.name] === box; // of a group, only the checked ones are sent
    if (!box.checked && alone) data.set(box.name, "false");
    else if (box.checked && !box.hasAttribute("value")) data.set(box.name, "true");
  }
  data.delete("_key"); // for pages without scripts; here the header has it
  for (const [name, value] of Object.entries(args ?? {})) data.set(name, value);
  return new URLSearchParams([...data].filter(([, value]) => typeof value === "string")).toString();
}

function enqueue(job) {
  const lane = lanes.get(job.lane) ?? [];
  const isOlder = (it, place) => place > 0 && it.latest && it.url === job.url && it.el === job.el;
  const older = job.latest ? lane.findIndex(isOlder) : -1;
  begin(job);
  if (older > 0) finish(lane.splice(older, 1)[0]);
  if (lane.push(job) === 1) drain(job.lane, lane);
}

async function drain(name, lane) {
  lanes.set(name, lane);
  for (; lane.length; lane.shift()) {
    const problem = await deliver(lane[0], lane);
    try {
      conclude(lane[0], problem);
    } catch (error) {
      reportError(error); // a fault here must not stop the commands behind it
    }
    finish(lane[0]);
  }
  lanes.delete(name);
}

function begin({ el, edit }) {
  const wait = waiting.get(el) ?? { count: 0, timer: setTimeout(() => el.setAttribute("aria-busy", "true"), 150) };
  wait.count++;
  waiting.set(el, wait);
  if (edit) Object.assign(edit, { unsent: false, flying: edit.flying + 1 });
  toDatastar("started", el, {}); // data-indicator listens to this and to "finished"
}

function finish({ el, edit }) {
  const wait = waiting.get(el);
  if (!--wait.count) {
    waiting.delete(el);
    clearTimeout(wait.timer);
    el.removeAttribute("aria-busy");
  }
  if (edit) edit.flying--;
  settle(edit);
  toDatastar("finished", el, {});
}

async function deliver(job, lane) {
  const { el, url, headers, form, text } = job;
  for (let attempt = 0; ; attempt++) {
    lane.isLate = attempt > 0;
    let wait = Math.min(250 * 2 ** attempt, 10000) * (0.5 + Math.random() / 2);
    try {
      const body = new TextEncoder().encode(keeper.bring(text, form));
      // What is kept alive outlives the page; browsers allow 64 KB of it in all, so a second attempt does without.
      const keepalive = !attempt && body.length < 32768;
      const reply = await fetch(url, { method: "POST", headers, body, keepalive, redirect: "manual" });
      if (!AGAIN.has(reply.status) || isRefused(reply)) {
        lane.refused = 0;
        job.told?.remove();
        undone.delete(nameOf(job));
        job.command = reply.headers.get("StarModel-Command");
        job.isDone = job.command || reply.headers.has("StarModel-Done");
        job.made = reply.headers.get("StarModel-Made");
        return await take(reply, el);
      }
      job.isUnsure ||= UNSURE.has(reply.status);
      lane.refused ||= Date.now(); // what waits behind it has waited as long
      const left = lane.refused + PATIENCE - Date.now();
      if (left <= 0) return giveUp(job);
      const after = Number(reply.headers.get("Retry-After"));
      wait = Math.min(after > 0 ? after * 1000 : wait, left);
      if (attempt >= 2) job.told = toast(say("The server cannot do this now. Trying again…"), "error");
    } catch {
      // The connection broke, perhaps after the command was done: its key makes asking again safe. Or another tab has
      // changed what this browser keeps: then this goes on from there.
      job.isUnsure = true;
    }
    await new Promise((wake) => setTimeout(wake, wait));
  }
}

function giveUp(job) {
  job.told?.remove();
  undone.set(nameOf(job), job.headers["Idempotency-Key"]);
  if (job.edit) job.edit.unsent = true;
  const text = job.isUnsure
    ? say("Whether this was done is not known. Send it again later: it counts once.")
    : say("This was not done, for the server cannot do it now. What you have entered is still here: send it again later.");
  toast(text, "error", [], true);
  return {};
}

// Who leaves now is asked first: what is tried again does not outlive its page.
addEventListener("beforeunload", (evt) => {
  if ([...lanes.values()].some((lane) => lane.isLate)) evt.preventDefault();
});

// Read an answer to its end and return the problem in it, if there is one.
async function take(reply, el) {
  if (reply.type === "opaqueredirect") {
    location.assign(location.pathname + location.search); // most likely to sign in again
    return {};
  }
  const type = reply.headers.get("Content-Type") ?? "";
  const failed = reply.status >= 400;
  if (type.includes("event-stream")) {
    let problem = failed ? {} : null;
    let changes = null;
    await readFrames(reply.body, el, {
      "sm-problem": (data) => (problem = JSON.parse(data)), // it failed after its first step was shown
      "sm-keep": (data) => (changes = JSON.parse(data)),
      "sm-step": (data) => el.dispatchEvent(new CustomEvent("starmodel:step", { bubbles: true, detail: JSON.parse(data).value })),
    });
    return (changes && (await keeper.take(changes))) ?? problem;
  }
  if (failed && type.includes("text/html")) return { status: reply.status, page: await reply.text() };
  if (failed) return told((await reply.json().catch(() => null)) ?? { detail: say("This did not work ({status}).", { status: reply.status }) });
  return null;
}

// Perhaps what this browser keeps does not fit.
function told(problem) {
  if (problem.errors?.some(({ loc }) => loc?.[0] === "_kept")) keeper.doubt();
  return problem;
}

// Say that it was done, and offer the way to what it made, and to take it back.
function announce({ isDone, command, made, lane, options }) {
  if (!options.what || !(isDone || made)) return;
  const after = (problem) => problem || toast(say("Undone"), "success");
  const run = () => send({ el: document.body }, `/${lane.split("/")[0]}/undo`, { command }, { after });
  const isElsewhere = made && made !== location.pathname;
  const ways = isElsewhere ? [{ label: say("Open"), href: made }] : [];
  if (command) ways.push({ label: say("Undo"), keys: say("Ctrl+Z"), run });
  toast(options.what, "success", ways);
}

function conclude(job, problem) {
  settled(job, problem);
  job.options.after?.(problem);
  if (!problem) announce(job);
}

function settled({ submitted, values, lane }, problem) {
  const fields = values.map(([field]) => field);
  fields.forEach(unmark);
  // After a conflict the user has seen both values: what is sent next stands on the newer one.
  if (submitted && (!problem || problem.status === 409)) forgetBase(submitted);
  if (problem?.page) return;
  if (problem) return showProblem(fields, problem);
  if (!submitted) return;
  for (const [field, value] of values) {
    if (read(field) !== value) continue; // typed meanwhile: not ours to clear
    forget(field);
    // The form of a new thing is ready for the next one; the form of a thing goes on showing it.
    if (!lane.includes("/") && value !== initial(field)) write(field, initial(field));
  }
  submitted.dispatchEvent(new CustomEvent("starmodel:done", { bubbles: true }));
  submitted.closest("dialog[data-close-on-done]")?.close();
}
