// Panels: what a list is filtered by and how it is shown, in a dialog over it. The server draws each step of their forms.
import { forget } from "./typing.js";
import { show } from "./visiting.js";

const HEADERS = { Accept: "text/html", "StarModel-Request": "1" };
let panel = null;
let asking = null;

document.addEventListener("click", (evt) => {
  const link = evt.target instanceof Element && evt.target.closest("a[data-sm-panel]");
  if (!link || evt.defaultPrevented || evt.button || evt.metaKey || evt.ctrlKey || evt.shiftKey || evt.altKey) return;
  evt.preventDefault();
  step(link.href, link);
});

document.addEventListener("submit", (evt) => {
  const form = evt.target.closest("#sm-panel form[data-sm-panel-form]");
  if (!form || evt.defaultPrevented) return;
  evt.preventDefault();
  step(addressOf(form, evt.submitter), form);
});

document.addEventListener("change", (evt) => {
  const form = evt.target.matches?.("#sm-panel [data-sm-again]") && evt.target.form;
  if (form) step(addressOf(form), form);
});

function addressOf(form, submitter) {
  const url = new URL(form.action);
  url.search = new URLSearchParams(new FormData(form, submitter));
  return url.href;
}

async function step(url, from) {
  asking?.abort();
  asking = new AbortController();
  from.setAttribute("aria-busy", "true");
  try {
    const reply = await fetch(url, { headers: HEADERS, signal: asking.signal });
    const text = await reply.text();
    const made = new DOMParser().parseFromString(text, "text/html").getElementById("sm-panel");
    if (made) draw(document.importNode(made, true));
    else if (reply.redirected && reply.ok) leave(text, reply.url);
    else location.assign(url);
  } catch (error) {
    if (error.name !== "AbortError") location.assign(url);
  } finally {
    from.removeAttribute("aria-busy");
  }
}

function leave(text, url) {
  panel?.close();
  if (new URL(url).pathname === location.pathname) show(text, url);
  else location.assign(url);
}

function draw(made) {
  if (!panel?.isConnected) {
    panel = made;
    panel.addEventListener("close", ({ target }) => target.remove());
    document.body.append(panel);
    panel.showModal();
    panel.querySelector("select:not([hidden]),input:not([type=hidden])")?.focus();
    return;
  }
  const id = document.activeElement?.id;
  const known = new Set([...panel.querySelectorAll("[id]")].map((el) => el.id));
  for (const field of panel.querySelectorAll("input,select,textarea")) forget(field);
  const top = panel.scrollTop;
  panel.replaceChildren(...made.childNodes);
  panel.scrollTop = top;
  const fields = [...panel.querySelectorAll("select,input:not([type=hidden]),button[id]")];
  const next = (id && panel.querySelector(`#${CSS.escape(id)}`)) || fields.find((el) => el.id && !known.has(el.id));
  (next ?? panel.querySelector("button:not([hidden])"))?.focus();
}
