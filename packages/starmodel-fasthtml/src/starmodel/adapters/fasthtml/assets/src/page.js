// What the page shows besides the server's HTML: toasts, the question before a command, the banner.
import { say } from "./words.js";

export const byId = (id) => document.getElementById(id);

export function make(tag, props, ...children) {
  const el = Object.assign(document.createElement(tag), props);
  el.append(...children);
  return el;
}

export function toDatastar(type, el, argsRaw) {
  document.dispatchEvent(new CustomEvent("datastar-fetch", { detail: { type, el, argsRaw } }));
}

function place(id, attribute, value) {
  const el = byId(id) ?? document.body.appendChild(make("div", { id }));
  el.setAttribute(attribute, value);
  return el;
}

const banner = place("sm-status", "role", "status");
const toasts = place("sm-toasts", "aria-live", "polite");
toasts.popover = "manual"; // the top layer, so that an open dialog does not cover them
toasts.showPopover?.();

export function showBanner(text) {
  banner.textContent = text;
  banner.hidden = !text;
}
showBanner("");

export function toast(text, level = "info", action = null) {
  for (const other of [...toasts.children]) if (other.firstChild.textContent === text) other.remove();
  const close = make("button", { type: "button", textContent: "×", onclick: () => item.remove() });
  close.setAttribute("aria-label", say("Close"));
  const item = make("div", { className: "sm-toast" }, make("span", { textContent: text }), close);
  item.dataset.level = level;
  if (action) {
    const run = () => (item.remove(), action.run());
    close.before(make("button", { type: "button", className: "sm-undo", textContent: action.label, onclick: run }));
  }
  const leave = () => (item.matches(":hover,:focus-within") ? setTimeout(leave, 1000) : item.remove());
  setTimeout(leave, action ? 10000 : 6000);
  if (document.querySelector("dialog:modal") && toasts.hidePopover) {
    toasts.hidePopover(); // to come out again above the dialog
    toasts.showPopover();
  }
  toasts.append(item);
}

// Resolve to whether the user agrees. Cancel has the focus: a hurried Enter must not delete.
export function ask(question, label) {
  const yes = make("button", { type: "button", textContent: label || say("OK"), onclick: () => dialog.close("yes") });
  const no = make("button", { type: "button", className: "secondary", textContent: say("Cancel"), onclick: () => dialog.close() });
  const text = make("p", { id: "sm-question", textContent: question });
  const dialog = make("dialog", { id: "sm-confirm" }, text, make("div", {}, no, yes));
  dialog.setAttribute("aria-labelledby", text.id);
  document.body.append(dialog);
  dialog.showModal();
  no.focus();
  return new Promise((answer) => {
    dialog.onclose = () => {
      dialog.remove();
      answer(dialog.returnValue === "yes");
    };
  });
}
