// The command palette: Ctrl-K or its button opens it wherever a page has that button. The server finds and draws; here is
// the keyboard, and what was chosen last.
import { send } from "./commands.js";
import { byId, make } from "./page.js";

const KEPT = 5;
const STORE = "sm-palette";
const opener = () => document.querySelector("a[data-sm-palette]");
const list = () => byId("sm-palette-list");
const options = () => [...(list()?.children ?? [])];
const chosen = () => options().find((it) => it.getAttribute("aria-selected") === "true");
let asked = 0; // the number of the newest question: an answer to an older one comes too late
let timer = 0;

document.addEventListener("keydown", (evt) => {
  if (evt.key.toLowerCase() !== "k" || !(evt.ctrlKey || evt.metaKey) || evt.shiftKey || evt.altKey || !opener()) return;
  evt.preventDefault();
  const dialog = byId("sm-palette");
  if (dialog?.open) dialog.close();
  else open();
});

document.addEventListener("click", (evt) => {
  const link = evt.target instanceof Element && evt.target.closest("a[data-sm-palette]");
  if (!link || evt.ctrlKey || evt.metaKey || evt.shiftKey || evt.button) return;
  evt.preventDefault();
  open();
});

async function ask(kind, query) {
  const address = new URL(opener().href);
  for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
  const reply = await fetch(address, { headers: { "StarModel-Request": kind, Accept: "text/html" } });
  if (!reply.ok) throw new Error(`the palette was refused: ${reply.status}`);
  return reply.text();
}

async function open() {
  if (document.querySelector("dialog:modal")) return;
  try {
    const dialog = byId("sm-palette") ?? wired(await ask("palette", {}));
    if (dialog.open) return;
    dialog.showModal();
    const text = byId("sm-palette-text");
    text.value = "";
    text.focus();
    find();
  } catch {
    location.assign(opener().href); // the page does the same
  }
}

function wired(html) {
  if (!byId("sm-palette")) document.body.insertAdjacentHTML("beforeend", html);
  const dialog = byId("sm-palette");
  const text = byId("sm-palette-text");
  text.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(find, text.value ? 120 : 0);
  });
  text.addEventListener("keydown", onKey);
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog) dialog.close(); // beside it
    const option = target.closest("[role=option]");
    if (option) choose(option);
  });
  return dialog;
}

function onKey(evt) {
  const { key, target } = evt;
  const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: 5, PageUp: -5 };
  const isAtEnd = target.selectionStart === target.value.length;
  const rtl = getComputedStyle(target).direction === "rtl";
  if (key in moves) move(moves[key]);
  else if (key === "Enter" && !evt.isComposing) choose(chosen());
  else if (key === (rtl ? "ArrowLeft" : "ArrowRight") && isAtEnd && chosen()?.dataset.of) find({ of: chosen().dataset.of });
  else return;
  evt.preventDefault();
}

async function find(query = { q: byId("sm-palette-text").value.trim() }) {
  const mine = ++asked;
  byId("sm-palette").setAttribute("aria-busy", "true");
  try {
    const html = await ask("options", query);
    if (mine !== asked) return;
    byId("sm-palette-found").outerHTML = html;
    if (query.q === "") list().prepend(...recent());
    select(0);
  } catch {
    // Not reachable just now: what is there stays, and the next key asks again.
  } finally {
    if (mine === asked) byId("sm-palette").removeAttribute("aria-busy");
  }
}

function move(by) {
  const all = options();
  const last = all.length - 1;
  const now = all.indexOf(chosen());
  select(Math.abs(by) === 1 ? (now + by + all.length) % all.length : Math.max(0, Math.min(last, now + by)));
}

function select(number) {
  const all = options();
  for (const [at, it] of all.entries()) it.setAttribute("aria-selected", String(at === number));
  all[number]?.scrollIntoView({ block: "nearest" });
  const text = byId("sm-palette-text");
  if (all[number]) text.setAttribute("aria-activedescendant", all[number].id);
  else text.removeAttribute("aria-activedescendant");
}

function choose(option) {
  if (!option) return;
  const { href, send: address } = option.dataset;
  byId("sm-palette").close();
  if (address) return send({ el: make("button", { textContent: labelOf(option) }) }, address, {}, {});
  remember(option);
  if (!("form" in option.dataset)) return location.assign(href);
  const link = opener().parentNode.appendChild(make("a", { href, hidden: true }));
  link.dataset.smDialog = "";
  link.click(); // a script opens it as a dialog; without one it is a page
  link.remove();
}

const labelOf = (option) => option.querySelector(".sm-label").textContent;

function kept() {
  try {
    return JSON.parse(localStorage.getItem(STORE)).filter(({ label, href }) => typeof label === "string" && isOurs(href));
  } catch {
    return []; // nothing yet, or not ours
  }
}

const isOurs = (href) => typeof href === "string" && href[0] === "/" && new URL(href, location.href).origin === location.origin;

function remember(option) {
  const { href, form } = option.dataset;
  const one = { label: labelOf(option), note: option.querySelector(".sm-note").textContent, href, form: form === "" };
  const others = kept().filter((it) => it.href !== href);
  try {
    localStorage.setItem(STORE, JSON.stringify([one, ...others].slice(0, KEPT)));
  } catch {
    // No room, or not allowed to: then it is not remembered.
  }
}

function recent() {
  return kept().map(({ label, note, href, form }, at) => {
    const it = make("div", { id: `sm-recent-${at}` }, make("span", { className: "sm-label" }, make("bdi", { textContent: label })));
    it.append(make("span", { className: "sm-note", textContent: note ?? "" }));
    it.setAttribute("role", "option");
    it.dataset.href = href;
    if (form) it.dataset.form = "";
    return it;
  });
}
