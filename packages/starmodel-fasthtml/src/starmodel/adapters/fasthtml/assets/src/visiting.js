// Another page of the same list, without a full load: what differs is morphed in, so focus and typing stay. The address
// and the way back are those that links would have made.
import { byId, toDatastar } from "./page.js";
import { forget } from "./typing.js";

let running = null;
let shown = location.pathname + location.search;

// Fetch *url* and show it; *how* is "push", "replace" or "" for an address that is there already. *keep* is a field that
// asks for this and so knows better what it holds.
export async function visit(url, how = "push", keep = null) {
  running?.abort();
  const mine = (running = new AbortController());
  busy(true);
  try {
    const reply = await fetch(url, { headers: { Accept: "text/html" }, signal: mine.signal });
    const text = await reply.text();
    if (mine === running) show(text, reply.url, how, keep);
  } catch (error) {
    if (error.name !== "AbortError") location.assign(url); // the browser tells what is wrong
  } finally {
    if (mine === running) {
      running = null;
      busy(false);
    }
  }
}

export function show(text, url, how = "push", keep = null) {
  const page = new DOMParser().parseFromString(text, "text/html");
  if (!page.getElementById("sm-page")) return location.assign(url);
  const address = new URL(url);
  if (how) history[`${how}State`](null, "", address);
  shown = address.pathname + address.search;
  document.title = page.title;
  const search = document.querySelector("form[data-sm-search] input[type=search]");
  if (search && search !== keep) forget(search);
  if (!page.getElementById("sm-live")) byId("sm-live")?.remove();
  for (const part of page.querySelectorAll("#sm-page,#sm-live")) {
    if (part.id === "sm-live" && !byId("sm-live")) byId("sm-page").after(document.importNode(part, true));
    toDatastar("datastar-patch-elements", document.body, { elements: part.outerHTML });
  }
  const field = document.querySelector("form[data-sm-search] input[type=search]");
  if (field && field !== keep) field.value = field.defaultValue;
}

function busy(is) {
  const list = document.querySelector("#sm-page table") ?? byId("sm-page");
  if (is) list?.setAttribute("aria-busy", "true");
  else for (const el of [list, byId("sm-page")]) el?.removeAttribute("aria-busy");
}

addEventListener("popstate", () => {
  if (shown !== location.pathname + location.search) visit(location.href, "");
});

const plain = (evt) => !evt.defaultPrevented && !evt.button && !evt.metaKey && !evt.ctrlKey && !evt.altKey;

// The links of a list that lead to itself: its order, its pages, its filters.
document.addEventListener("click", (evt) => {
  const link = evt.target instanceof Element && evt.target.closest("#sm-page a[href]");
  if (!link || !plain(evt) || link.target || link.origin !== location.origin) return;
  if (link.pathname !== location.pathname || !document.querySelector("[data-sm-list]") || link.hash) return;
  const column = evt.shiftKey && link.closest("th");
  if (evt.shiftKey && !column) return;
  evt.preventDefault();
  visit(column ? sortedAlso(link) : link.href);
  if (link.closest("[data-sm-pager]")) scrollTo({ top: 0 });
});

// Shift and a click on the head of a column: sort by it after what the list is sorted by already.
function sortedAlso(link) {
  const url = new URL(link.href);
  const added = url.searchParams.get("sort") ?? "";
  const name = (it) => it.replace(/^-/, "");
  const order = (new URL(location.href).searchParams.get("sort") ?? "").split(",").filter(Boolean);
  const at = order.findIndex((it) => name(it) === name(added));
  if (at < 0) order.push(added);
  else order[at] = added;
  url.searchParams.set("sort", order.join());
  return url.href;
}

// Searching while typing.
let timer = 0;
document.addEventListener("input", (evt) => {
  const form = evt.target.closest?.("form[data-sm-search]");
  if (!form || evt.isComposing) return;
  clearTimeout(timer);
  timer = setTimeout(() => visit(searched(form), "replace", evt.target), 250);
});
document.addEventListener("submit", (evt) => {
  const form = evt.target.closest("form[data-sm-search]");
  if (!form || new URL(form.action).pathname !== location.pathname) return;
  evt.preventDefault();
  clearTimeout(timer);
  visit(searched(form), "replace", form.querySelector("input[type=search]"));
});

function searched(form) {
  const url = new URL(form.action);
  for (const [name, value] of new FormData(form)) if (value || name !== "q") url.searchParams.append(name, value);
  return url.href;
}
