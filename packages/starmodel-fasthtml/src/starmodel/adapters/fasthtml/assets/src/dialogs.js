// Forms in dialogs: fetched from the address of their link, kept up to date while they are open, sent in place.
import { send } from "./commands.js";
import { around, focusAround, isLost } from "./focus.js";
import { prepare } from "./forms.js";
import { isChanged } from "./leaving.js";
import { asOwn, tellGone } from "./meanwhile.js";
import { ask, make, toDatastar } from "./page.js";
import { attend } from "./problems.js";
import { toast } from "./toasts.js";
import { isField } from "./typing.js";
import { say } from "./words.js";

const layer = document.body.appendChild(make("div", { id: "sm-dialogs" })); // outside of what patches make again
const open = new Map(); // dialog -> {url, opener, source, refused}

// An application's own page may leave its form out; then it is a page.
const drawnIn = (html) => make("template", { innerHTML: html }).content.querySelector("dialog[data-sm-form-dialog]:has(form[data-sm-form])");

async function drawn(url) {
  const reply = await fetch(url, { headers: { Accept: "text/html", "StarModel-Request": "1" } }).catch(() => null);
  return reply?.ok && !reply.redirected ? drawnIn(await reply.text()) : null;
}

document.addEventListener("click", (evt) => {
  const link = evt.target instanceof Element && evt.target.closest("a[data-sm-dialog]");
  if (!link || evt.defaultPrevented || evt.button || evt.metaKey || evt.ctrlKey || evt.shiftKey || evt.altKey) return;
  evt.preventDefault();
  show(link);
});

// Open the form that *link* leads to, at *field* where one is named.
export async function show(link, field = "") {
  if (link.ariaBusy === "true") return;
  link.ariaBusy = "true";
  const dialog = await drawn(link.href);
  link.ariaBusy = null;
  if (!dialog) return location.assign(link.href); // a page tells what is wrong
  layer.append(dialog);
  const state = { url: link.href, opener: link, near: around(link.closest("#sm-menu")?.opener ?? link.opener ?? link) };
  open.set(dialog, state);
  const form = dialog.querySelector("form[data-sm-form]");
  prepare(form);
  dialog.addEventListener("cancel", (evt) => isChanged(form) && (evt.preventDefault(), leave(dialog)));
  dialog.addEventListener("close", () => gone(dialog));
  dialog.showModal();
  (controlOf(form, field) ?? firstOf(form) ?? dialog.querySelector("[data-sm-close]"))?.focus(); // without a field: a hurried Enter must not delete
  follow(dialog, state);
}

const isThere = (el) => isField(el) && !el.disabled && el.offsetParent;
const firstOf = (form) => [...form.elements].find(isThere);

function controlOf(form, field) {
  if (!field) return null;
  const own = [...form.elements].find((el) => `${el.name}.`.startsWith(`${field}.`) && isThere(el));
  return own ?? form.querySelector(`[data-sm-add="${CSS.escape(field)}"]`);
}

// Close, but not over the head of somebody who has typed something.
async function leave(dialog) {
  const form = dialog.querySelector("form[data-sm-form]");
  const question = say("Close without saving? What you have entered is lost.");
  if (!form || !isChanged(form) || (await ask(question, say("Discard")))) dialog.close();
}

document.addEventListener("submit", (evt) => {
  const dialog = evt.target.closest("dialog[data-sm-form-dialog]");
  if (!dialog) return;
  evt.preventDefault();
  if (evt.target.method === "dialog") return leave(dialog);
  submit(dialog, evt);
});
document.addEventListener("click", ({ target }) => {
  const close = target instanceof Element && target.closest("dialog[data-sm-form-dialog] [data-sm-close]");
  if (close) leave(close.closest("dialog"));
});

function submit(dialog, evt) {
  const form = evt.target;
  if (form.smSending) return;
  form.smSending = true;
  const what = form.dataset.smForm;
  send({ el: form, evt }, form.getAttribute("action"), {}, {
    what,
    after: (problem) => {
      form.smSending = false;
      if (!problem) return dialog.close();
      if (problem.status === 404 || problem.status === 410) tellGone(form);
      if (problem.page) redraw(dialog, problem.page);
    },
  });
}

// The form as it was sent, with what is wrong in it.
function redraw(dialog, html) {
  const fresh = drawnIn(html);
  if (!fresh) return toast(say("This did not work."), "error");
  open.get(dialog).refused = true; // what is stored must not take the place of what was typed
  asOwn(() => toDatastar("datastar-patch-elements", document.body, { elements: fresh.outerHTML }));
  const wrong = dialog.querySelector("[aria-invalid=true]") ?? dialog.querySelector("[name$='?']");
  if (wrong) wrong.focus();
  else attend(dialog);
}

function follow(dialog, state) {
  if (!dialog.dataset.live) return;
  const url = new URL(dialog.dataset.live, location.href);
  if (dialog.dataset.after) url.searchParams.set("after", dialog.dataset.after);
  state.source = new EventSource(url);
  for (const type of ["datastar-patch-elements", "sm-stale"])
    state.source.addEventListener(type, () => refresh(dialog, state));
}

async function refresh(dialog, state) {
  const form = dialog.querySelector("form[data-sm-form]");
  const isBusy = () => !open.has(dialog) || state.refused || form.smSending;
  const fresh = isBusy() || (await drawn(state.url));
  if (isBusy()) return;
  if (fresh) toDatastar("datastar-patch-elements", document.body, { elements: fresh.outerHTML });
  else if (isChanged(form)) tellGone(form);
  else toast(say("This is not there any more."), "warning");
}

function gone(dialog) {
  const { source, opener, near, url } = open.get(dialog) ?? {};
  open.delete(dialog);
  source?.close();
  dialog.remove();
  const same = [...document.querySelectorAll("a[data-sm-dialog]")].find((link) => link.href === url);
  const back = opener?.isConnected ? opener : same;
  if (back) back.focus();
  else if (near && isLost()) focusAround(near);
}
