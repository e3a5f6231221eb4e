// What the page shows besides the server's HTML: the question before a command, the banner.
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

export function place(id, attribute, value) {
  const el = byId(id) ?? document.body.appendChild(make("div", { id }));
  el.setAttribute(attribute, value);
  return el;
}

const banner = place("sm-status", "role", "status");
export function showBanner(text) {
  banner.textContent = text;
  banner.hidden = !text;
}
showBanner("");

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
