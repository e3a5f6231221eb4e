// The rows of a list: a click opens one, "more" opens a menu of all that can be done with it, boxes choose several.
import { make } from "./page.js";
import "./panels.js";
import "./visiting.js";

const CONTROLS = "a,button,input,select,textarea,label,summary,[contenteditable],[role=button]";

// A row opens its entity, as the link in its first cell does. Not at once: a second click may follow, to change a cell.
let opening = 0;
document.addEventListener("click", (evt) => {
  const row = evt.target.closest?.("[data-sm-list] tbody tr");
  clearTimeout(opening);
  if (!row || evt.button || evt.detail > 1 || evt.target.closest(CONTROLS) || String(getSelection())) return;
  const link = row.querySelector("td a[href]:not([data-sm-more])");
  if (!link) return;
  if (evt.ctrlKey || evt.metaKey) open(link.href, "_blank", "noopener");
  else opening = setTimeout(() => link.isConnected && link.click(), 220);
});

// One menu for all rows: a template with "__id__" where the id goes.
let menu = null;
document.addEventListener("click", (evt) => {
  const more = evt.target.closest?.("a[data-sm-more]");
  const template = document.getElementById("sm-row-menu");
  if (!more || !template || evt.ctrlKey || evt.metaKey || evt.shiftKey || !HTMLElement.prototype.showPopover) return;
  evt.preventDefault();
  const isOpen = menu?.isConnected && menu.opener === more;
  menu?.remove();
  if (isOpen) return;
  menu = make("div", { id: "sm-menu", popover: "auto", opener: more });
  menu.setAttribute("role", "menu");
  menu.setAttribute("aria-label", more.getAttribute("aria-label") ?? more.textContent);
  const id = encodeURIComponent(more.dataset.smMore);
  const can = more.dataset.smMay?.split(" "); // what may be done with this row; left out where that is all
  for (const item of [...template.content.cloneNode(true).children]) {
    if (can && item.dataset.smEvent && !can.includes(item.dataset.smEvent)) continue;
    for (const name of ["href", "formaction"]) {
      if (item.hasAttribute(name)) item.setAttribute(name, item.getAttribute(name).replace("__id__", id));
    }
    item.setAttribute("role", "menuitem");
    item.tabIndex = -1;
    menu.append(item);
  }
  document.body.append(menu);
  menu.addEventListener("toggle", ({ newState }) => newState === "closed" && close(more));
  menu.showPopover();
  place(menu, more.getBoundingClientRect());
  menu.firstElementChild?.focus();
  more.setAttribute("aria-expanded", "true");
});

function close(more) {
  more.removeAttribute("aria-expanded");
  const inside = menu?.opener === more && (menu.contains(document.activeElement) || document.activeElement === document.body);
  if (menu?.opener === more) menu.remove();
  if (inside) more.focus();
}

function place(el, at) {
  const { width, height } = el.getBoundingClientRect();
  const left = Math.max(8, Math.min(at.right - width, innerWidth - width - 8));
  const top = at.bottom + height + 12 > innerHeight ? Math.max(8, at.top - height - 4) : at.bottom + 4;
  Object.assign(el.style, { left: `${left}px`, top: `${top}px` });
}

document.addEventListener("keydown", (evt) => {
  if (!menu?.contains(evt.target)) return;
  const items = [...menu.children];
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[evt.key];
  if (to === undefined) {
    if (evt.key === "Tab") menu.hidePopover();
    return;
  }
  evt.preventDefault();
  items.at(to % items.length)?.focus();
});
document.addEventListener("click", (evt) => menu?.contains(evt.target) && menu.hidePopover());

// Several rows: how many are chosen, and the box that chooses the page.
const boxes = () => [...document.querySelectorAll("input[form=sm-bulk][name=id]")];

function count() {
  const form = document.getElementById("sm-bulk");
  if (!form) return;
  const all = boxes();
  const chosen = all.filter((box) => box.checked).length;
  const said = form.querySelector("[data-sm-count]");
  if (said) {
    said.smNone ??= said.textContent; // as the server wrote it
    const text = chosen ? said.dataset.smCount.replace("{count}", chosen) : said.smNone;
    if (said.textContent !== text) said.textContent = text;
  }
  const page = form.querySelector("[data-sm-page] input");
  if (page) Object.assign(page, { checked: chosen > 0 && chosen === all.length, indeterminate: chosen > 0 && chosen < all.length });
}

let last = null;
document.addEventListener("click", (evt) => {
  const box = evt.target;
  if (!box.matches?.("input[form=sm-bulk][name=id]")) return;
  const all = boxes();
  const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
  if (evt.shiftKey && from >= 0) for (const it of all.slice(from, to + 1)) choose(it, box.checked);
  last = box;
});

function choose(box, is) {
  if (box.checked === is) return;
  box.checked = is;
  box.dispatchEvent(new Event("input", { bubbles: true })); // so that no patch undoes it
}

document.addEventListener("change", ({ target }) => {
  if (target.closest?.("[data-sm-page]")) for (const box of boxes()) choose(box, target.checked);
  if (target.form?.getAttribute("id") === "sm-bulk") count(); // its boxes are called "id", so .id is one of them
});
document.addEventListener("datastar-fetch", ({ detail: { type } }) => {
  if (type === "datastar-patch-elements") setTimeout(count);
});
