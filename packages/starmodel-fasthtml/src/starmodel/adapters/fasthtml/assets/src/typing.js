// Typing is never overwritten: a field that the user has edited keeps its content, its caret and its focus through every
// patch of elements, until its own commands are answered and it is left, or until its form is done.
import { byId } from "./page.js";

const KINDS = "input:not([type=hidden],[type=submit],[type=button],[data-sm-takes-away]),textarea,select";
const isToggle = (el) => el.type === "checkbox" || el.type === "radio";
const valuesOf = (options) => options.map((option) => option.value).join("\n");

export const isField = (el) => el instanceof Element && el.matches(KINDS);
export const read = (el) => (isToggle(el) ? el.checked : el.options ? valuesOf([...el.selectedOptions]) : el.value);

// What the server's HTML says, which is what a reset would show.
export function initial(el) {
  if (!el.options) return isToggle(el) ? el.defaultChecked : el.defaultValue;
  const preset = [...el.options].filter((option) => option.defaultSelected);
  return valuesOf(preset.length || el.multiple ? preset : [...el.options].slice(0, 1));
}

export function write(el, value) {
  if (isToggle(el)) el.checked = value;
  else if (!el.options) el.value = value;
  else for (const option of el.options) option.selected = value.split("\n").includes(option.value);
  el.dispatchEvent(new Event("datastar-prop-change", { bubbles: true })); // a bound signal follows
}

// field -> {el, unsent, flying, want}: edits that are on no command yet, commands on their way, and what the server
// would rather show, which it gets as soon as the field is left.
const edits = new Map();

export const editOf = (el) => edits.get(el);
export const forget = (el) => edits.delete(el);

// The version a form showed when its user began to change it: live updates go on, and must not hide a conflict.
const bases = new WeakMap();
export const baseOf = (form) => bases.get(form) ?? form.dataset.base;

function keepBase(form, base = form?.dataset.base) {
  if (base && !bases.has(form)) bases.set(form, base);
}

export function forgetBase(form) {
  bases.delete(form);
  nameBase(form);
}

// The address of a form says it too: for a form that the browser sends by itself.
function nameBase(form) {
  const address = form.getAttribute("action") ?? "";
  const named = address.replace(/([?&]_base=)\d+/, (_, before) => before + baseOf(form));
  if (named !== address) form.setAttribute("action", named);
}

document.addEventListener("starmodel:touched", ({ target }) => keepBase(target.closest("form")), true);
document.addEventListener("input", ({ target: el }) => {
  if (!isField(el)) return;
  keepBase(el.form);
  const edit = edits.get(el) ?? { el, flying: 0 };
  edits.set(el, Object.assign(edit, { unsent: true, want: undefined }));
}, true);
document.addEventListener("focusout", ({ target }) => setTimeout(() => settle(edits.get(target))));
document.addEventListener("reset", ({ target: form }) => {
  [...form.elements].forEach(forget);
  forgetBase(form);
});

export function settle(edit) {
  if (!edit || edit.flying || edit.el === document.activeElement) return;
  if (edit.unsent && read(edit.el) !== initial(edit.el)) return; // a debounced command or its form is yet to come
  forget(edit.el);
  if (edit.want !== undefined) write(edit.el, edit.want);
}

// These two stand around Datastar's own listener, which it added when it was imported.
let shields = [];
document.addEventListener("datastar-fetch", ({ detail: { type } }) => {
  if (type === "datastar-patch-elements") shields = [...edits.values()].map(shield);
}, true);
document.addEventListener("datastar-fetch", ({ detail: { type } }) => {
  shields.splice(0).forEach(restore);
  if (type === "datastar-patch-elements") for (const form of document.forms) if (bases.has(form)) nameBase(form);
});

const identity = (el) => [el.tagName, el.id, el.name, el.form?.id].join();

function shield(edit) {
  const { el } = edit;
  const caret = [el.selectionStart, el.selectionEnd, el.selectionDirection];
  const base = bases.get(el.form);
  const was = { edit, el, base, caret, value: read(el), identity: identity(el), focused: el === document.activeElement };
  // An own property hides the real one from the morph: the text never changes, not even for an instant, which would end
  // the composition of an input method.
  was.hidden = isToggle(el) ? "checked" : !el.options && "value";
  if (was.hidden) {
    const set = (value) => (was.want = value);
    Object.defineProperty(el, was.hidden, { configurable: true, get: () => was.value, set });
  }
  return was;
}

function restore(was) {
  const { edit, el, value } = was;
  if (was.hidden) delete el[was.hidden];
  const now = el.isConnected ? el : byId(el.id);
  forget(el);
  if (!now) return;
  if (identity(now) !== was.identity) {
    if (was.want !== undefined) write(el, was.want); // the morph made another field of it
    return;
  }
  edits.set((edit.el = now), edit);
  if (now.form) keepBase(now.form, was.base); // the morph may have made another form around it
  if (read(now) !== value) {
    was.want ??= read(now);
    write(now, value);
  }
  if (!edit.unsent && !edit.flying) edit.want = was.want ?? edit.want;
  if (!was.focused) return;
  if (now !== document.activeElement) now.focus({ preventScroll: true });
  if (typeof was.caret[0] === "number" && now.selectionStart !== was.caret[0]) now.setSelectionRange(...was.caret);
}
