// References: a text in which the server finds what it may mean, as the ARIA pattern of a combobox with a list.
import { make } from "./page.js";

const INPUT = "input[data-sm-choices]";
const lists = new WeakMap(); // input -> its open list
let count = 0;

document.addEventListener("input", ({ target: el, isTrusted }) => {
  if (el.matches?.(INPUT) && isTrusted) look(el, 150);
});

// A click into an empty one shows what there is to choose from, as a select does.
document.addEventListener("click", ({ target: el }) => {
  if (el.matches?.(INPUT) && !el.value && !lists.has(el)) look(el, 0);
});

function look(el, wait) {
  clearTimeout(el.smWait);
  el.smWait = setTimeout(async () => {
    const question = (el.smAsked = (el.smAsked ?? 0) + 1);
    const url = new URL(el.dataset.smChoices, location.href);
    url.searchParams.set("q", el.value);
    const reply = await fetch(url, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!reply?.ok || question !== el.smAsked || el !== document.activeElement) return;
    offer(el, (await reply.json()).choices);
  }, wait);
}

function offer(el, choices) {
  close(el);
  if (!choices.length) return;
  const list = make("ul", { className: "sm-choices", id: `sm-choices-${++count}` });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", el.labels?.[0]?.textContent ?? el.ariaLabel ?? "");
  choices.forEach(({ id, name }, number) => {
    const item = make("li", { id: `${list.id}-${number}`, textContent: name });
    item.dataset.id = id;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    list.append(item);
  });
  list.addEventListener("mousedown", (evt) => {
    evt.preventDefault(); // the text keeps the focus
    const item = evt.target.closest("[role=option]");
    if (item) choose(el, item);
  });
  el.after(list);
  Object.assign(list.style, {
    insetInlineStart: "auto",
    left: `${el.offsetLeft}px`,
    top: `${el.offsetTop + el.offsetHeight + 2}px`,
    width: `${el.offsetWidth}px`,
  });
  list.scrollIntoView({ block: "nearest" });
  lists.set(el, list);
  el.setAttribute("aria-expanded", "true");
  el.setAttribute("aria-controls", list.id);
}

function close(el) {
  lists.get(el)?.remove();
  lists.delete(el);
  el.setAttribute("aria-expanded", "false");
  el.removeAttribute("aria-activedescendant");
  el.removeAttribute("aria-controls");
}

function move(el, list, step) {
  const items = [...list.children];
  const at = items.findIndex((item) => item.ariaSelected === "true");
  const next = items.at((Math.max(at, step > 0 ? -1 : 0) + step) % items.length);
  for (const item of items) item.setAttribute("aria-selected", String(item === next));
  el.setAttribute("aria-activedescendant", next.id);
  next.scrollIntoView({ block: "nearest" });
}

// The id goes into a hidden field, and beside it what it is called: a text that still says so stands for this id.
function choose(el, item) {
  const base = el.name.replace(/~$/, "");
  const hidden = (name) => {
    const there = [...el.form.elements].find((field) => field.name === name && field.type === "hidden");
    return there ?? el.parentElement.appendChild(make("input", { type: "hidden", name }));
  };
  const hint = hidden(`${base}@`);
  const said = new URLSearchParams(hint.value);
  said.set("named", item.textContent);
  hint.value = said.toString();
  hidden(base).value = item.dataset.id;
  el.value = item.textContent;
  close(el);
  el.dispatchEvent(new Event("input", { bubbles: true }));
}

document.addEventListener("keydown", (evt) => {
  const el = evt.target;
  if (!el.matches?.(INPUT) || evt.isComposing) return;
  const list = lists.get(el)?.isConnected ? lists.get(el) : null;
  if (evt.key === "ArrowDown" || evt.key === "ArrowUp") {
    evt.preventDefault();
    list ? move(el, list, evt.key === "ArrowDown" ? 1 : -1) : look(el, 0);
  } else if (list && evt.key === "Escape") {
    evt.preventDefault(); // the dialog stays
    evt.stopPropagation();
    close(el);
  } else if (list && (evt.key === "Enter" || evt.key === "Tab")) {
    const item = list.querySelector("[aria-selected=true]");
    if (item) choose(el, item);
    else close(el);
    if (item && evt.key === "Enter") evt.preventDefault();
  }
}, true);
document.addEventListener("focusout", ({ target }) => target.matches?.(INPUT) && close(target));
