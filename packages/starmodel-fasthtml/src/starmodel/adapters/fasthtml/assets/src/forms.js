// Forms while they are being filled in: lists that grow, fields that depend on others, values that are checked when they
// are left.
import { formText } from "./commands.js";
import { make } from "./page.js";
import { mark, unmark } from "./problems.js";
import { editOf, isField } from "./typing.js";

const FORM = "form[data-sm-form]";
export const formsHere = () => [...document.querySelectorAll(FORM)];
const named = (form, name) => [...form.elements].filter((el) => el.name === name || el.name === `${name}~`);

// Make a form that the server drew ready for somebody with scripts.
export function prepare(form) {
  for (const extra of form.querySelectorAll("[data-sm-extra]")) itemOf(extra)?.remove();
  for (const items of form.querySelectorAll("[data-sm-items]")) prune(form, items);
  dress(form);
}

// -- lists ---------------------------------------------------------------------------------------------------------------

const itemOf = (el) => {
  const items = el.closest("[data-sm-items]");
  for (let it = el; items && it; it = it.parentElement) if (it.parentElement === items) return it;
};
const numberIn = (item, list) => {
  const field = item.querySelector(`[name^="${CSS.escape(list)}."]`);
  return field?.name.slice(list.length + 1).match(/^\d+/)?.[0];
};

// What belongs to an item may stand outside of it: hidden fields, which its kit does not draw.
function prune(form, items) {
  const list = items.dataset.smItems;
  const numbers = new Set([...items.children].map((item) => numberIn(item, list)));
  for (const el of [...form.elements]) {
    const number = el.name?.startsWith(`${list}.`) && el.name.slice(list.length + 1).match(/^\d+/)?.[0];
    if (number && el.type === "hidden" && !items.contains(el) && !numbers.has(number)) el.remove();
  }
}

function add(button) {
  const name = button.dataset.smAdd;
  const items = [...button.form.querySelectorAll("[data-sm-items]")].find((el) => el.dataset.smItems === name);
  const template = items?.parentElement.querySelector(":scope > template");
  if (!template) return;
  const taken = [...items.children].map((item) => Number(numberIn(item, name) ?? -1));
  const number = Math.max(-1, ...taken) + 1;
  const dashed = name.replaceAll(".", "-");
  const holder = make("template", {
    innerHTML: template.innerHTML
      .replaceAll(`${name}.__index__`, `${name}.${number}`)
      .replaceAll(`${dashed}-__index__`, `${dashed}-${number}`),
  });
  for (const el of holder.content.querySelectorAll("[data-sm-hint]"))
    el.after(make("input", { type: "hidden", name: `${el.name.replace(/~$/, "")}@`, value: el.dataset.smHint }));
  const item = holder.content.firstElementChild;
  items.append(holder.content);
  touched(items);
  [...item.querySelectorAll("input,textarea,select")].find(isField)?.focus();
  dress(button.form);
}

function take(button) {
  const item = itemOf(button);
  const items = item?.parentElement;
  if (!items) return;
  const next = (item.nextElementSibling ?? item.previousElementSibling)?.querySelector("[data-sm-remove]");
  const adds = items.closest("fieldset")?.querySelectorAll("[data-sm-add]") ?? [];
  item.remove();
  prune(button.form ?? items.closest("form"), items);
  touched(items);
  (next ?? [...adds].find((el) => el.dataset.smAdd === items.dataset.smItems))?.focus();
}

function touched(items) {
  items.dataset.smTouched = "";
  items.dispatchEvent(new CustomEvent("starmodel:touched", { bubbles: true }));
}

document.addEventListener("click", ({ target }) => {
  const button = target instanceof Element && target.closest("[data-sm-add],[data-sm-remove]");
  if (button) button.matches("[data-sm-add]") ? add(button) : take(button);
});

// -- fields that are asked for only while a condition holds ------------------------------------------------------------------

const TESTS = {
  eq: (value, other) => value === other,
  ne: (value, other) => value !== other,
  lt: (value, other) => value !== null && value < other,
  le: (value, other) => value !== null && value <= other,
  gt: (value, other) => value !== null && value > other,
  ge: (value, other) => value !== null && value >= other,
  in: (value, others) => others.includes(value),
  contains: (value, part) => Array.isArray(value) ? value.includes(part) : (value ?? "").toLowerCase().includes(String(part).toLowerCase()),
  startswith: (value, part) => (value ?? "").toLowerCase().startsWith(String(part).toLowerCase()),
  isnull: (value, wanted) => (value === null) === Boolean(wanted),
};

function valueOf(form, name, like) {
  const els = [...form.elements].filter((el) => el.name === name);
  const box = els.find((el) => el.type === "checkbox");
  const el = box ?? els.at(-1);
  if (!el) return null;
  if (box) return box.checked;
  if (el.multiple) return [...el.selectedOptions].map((option) => option.value);
  if (el.value === "" && typeof like !== "string") return null;
  if (typeof like === "number") return Number(el.value);
  return typeof like === "boolean" ? el.value === "true" : el.value;
}

function holds(form, where) {
  return Object.entries(where).every(([key, test]) => {
    if (key === "and") return test.every((part) => holds(form, part));
    if (key === "or") return test.some((part) => holds(form, part));
    if (key === "not") return !holds(form, test);
    const tests = test && typeof test === "object" && !Array.isArray(test) ? test : { eq: test };
    return Object.entries(tests).every(([op, other]) => {
      const like = Array.isArray(other) ? other[0] : other;
      return TESTS[op]?.(valueOf(form, key, op === "isnull" ? 0 : like), other) ?? true;
    });
  });
}

function dress(form) {
  for (const part of form.querySelectorAll("[data-sm-when]")) {
    const shown = holds(form, JSON.parse(part.dataset.smWhen));
    part.hidden = !shown;
    part.removeAttribute("data-sm-off");
    for (const el of part.querySelectorAll("input,textarea,select,button")) el.disabled = !shown;
  }
}

document.addEventListener("input", ({ target }) => target.form?.matches(FORM) && dress(target.form));

// -- values are checked when they are left -------------------------------------------------------------------------------

const asked = new WeakMap(); // form -> the number of its newest question
const left = new WeakMap(); // form -> the fields that were filled in and left

async function check(form, el) {
  const fields = left.get(form) ?? new Set();
  left.set(form, fields.add(el.name.replace(/[~]$/, "")));
  const number = (asked.get(form) ?? 0) + 1;
  asked.set(form, number);
  const headers = { "Content-Type": "application/x-www-form-urlencoded", "StarModel-Request": "1" };
  const reply = await fetch(form.dataset.smCheck, { method: "POST", headers, body: formText(form) }).catch(() => null);
  if (!reply?.ok || asked.get(form) !== number || !form.isConnected) return; // an older answer never hides a newer one
  const { errors } = await reply.json();
  const wrong = new Map(errors.filter((it) => it.name).map((it) => [it.name, it.message]));
  for (const name of fields)
    for (const field of named(form, name).filter(isField)) {
      if (field === document.activeElement) continue; // it is being put right
      unmark(field);
      if (wrong.has(name)) mark(field, wrong.get(name));
    }
}

document.addEventListener("focusout", ({ target: el }) => {
  const form = el.form;
  if (!form?.dataset.smCheck || !isField(el) || !el.name || form.ariaBusy === "true") return;
  if (editOf(el) || left.get(form)?.has(el.name.replace(/~$/, ""))) setTimeout(check, 120, form, el); // a click on Cancel comes first
});

formsHere().forEach(prepare);
