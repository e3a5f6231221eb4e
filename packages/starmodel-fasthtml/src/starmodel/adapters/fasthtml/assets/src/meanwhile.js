// What somebody else changes while a form is being filled in: shown, told at a field that holds something of its user's
// own, and never in the way of what was typed.
import { formsHere, prepare } from "./forms.js";
import { isChanged } from "./leaving.js";
import { byId, make } from "./page.js";
import { editOf, initial, isField, read } from "./typing.js";
import { say } from "./words.js";

let before = new Map();
let isOwn = false;
const told = new Set(); // the fields whose user is told what somebody else has made of them

// Run what draws a form anew with the words of its own user: nobody else has changed it.
export function asOwn(change) {
  isOwn = true;
  try {
    change();
  } finally {
    isOwn = false;
  }
}

const keyOf = (form, el) => `${form.id} ${el.name}`;
const fieldsOf = (form) => [...form.elements].filter((el) => isField(el) && el.name && !el.name.endsWith("?"));

document.addEventListener("datastar-fetch", ({ detail }) => {
  if (detail.type !== "datastar-patch-elements") return;
  before = new Map();
  for (const form of formsHere()) for (const el of fieldsOf(form)) before.set(keyOf(form, el), initial(el));
  keepLists(detail.argsRaw);
}, true);

document.addEventListener("datastar-fetch", ({ detail: { type } }) => {
  if (type !== "datastar-patch-elements") return;
  if (isOwn) told.clear(); // its user has been answered
  for (const form of formsHere()) {
    prepare(form);
    if (!isOwn) for (const el of fieldsOf(form)) tell(el, keyOf(form, el));
  }
});

// A list that its user has changed is not taken apart by what the server knows of it.
function keepLists(args) {
  const kept = [...document.querySelectorAll("[data-sm-touched]")].map((el) => el.closest("fieldset[id]")).filter(Boolean);
  if (isOwn || !kept.length || !args?.elements) return;
  const holder = make("template", { innerHTML: args.elements });
  for (const list of kept) holder.content.querySelector(`#${CSS.escape(list.id)}`)?.replaceWith(list.cloneNode(true));
  args.elements = holder.innerHTML;
}

// The server's HTML knows nothing of these notes: each patch takes them away, also one that is about other fields.
function tell(el, key) {
  const was = before.get(key);
  const now = initial(el);
  const isNew = was !== undefined && was !== now;
  if (!editOf(el) || read(el) === now) {
    if (told.delete(key)) byId(`${el.id}-news`)?.remove();
    if (isNew) flash(el);
  } else if (isNew || told.has(key)) {
    told.add(key);
    note(el, say("Changed by somebody else to {value}", { value: shown(el, now) }));
  }
}

function note(el, text) {
  const id = `${el.id}-news`;
  if (byId(id)?.textContent === text) return;
  byId(id)?.remove();
  const made = make("small", { id, className: "sm-note", textContent: text });
  made.setAttribute("role", "status");
  el.after(made);
}

function flash(el) {
  el.classList.add("sm-news");
  setTimeout(() => el.classList.remove("sm-news"), 2500);
}

function shown(el, value) {
  if (typeof value === "boolean") return value ? say("Yes") : say("No");
  if (el.options) return [...el.options].find((option) => option.value === value)?.text ?? value;
  return value;
}

// Say above a form that what it is about is gone; it stays, for somebody may want to keep what was typed.
export function tellGone(form) {
  if (form.querySelector(":scope > .sm-gone")) return;
  const text = say("This is not there any more. What you have entered is still here, to be copied.");
  const made = make("p", { className: "sm-gone", textContent: text });
  made.setAttribute("role", "alert");
  form.prepend(made);
}

// Whether a page that comes without the form would take away what somebody is typing in it.
export function takesFormAway(html) {
  const form = formsHere().find((it) => isChanged(it) && it.closest("#sm-page"));
  if (!form || !html.includes('id="sm-page"') || html.includes(`id="${form.getAttribute("id")}"`)) return false;
  tellGone(form);
  return true;
}
