// Where the focus goes when what has it goes away: a row of a list takes it along to the next one, or to the one before, or
// to the heading. https://www.w3.org/WAI/ARIA/apg/practices/keyboard-interface/#discernibleandpredictablekeyboardfocus
import { byId } from "./page.js";

const CONTROLS = "a[href],button,input,td[tabindex]";

export const isLost = () => !document.activeElement || document.activeElement === document.body;

// What is around *el* in its list, to be remembered before it goes; null for what is in no row.
export function around(el) {
  const row = el?.closest?.("[data-sm-list] tbody tr[id]");
  if (!row) return null;
  const rows = [...row.parentElement.rows];
  const at = rows.indexOf(row);
  const near = [row, ...rows.slice(at + 1), ...rows.slice(0, at).reverse()].map(({ id }) => id);
  return { near, place: [...row.querySelectorAll(CONTROLS)].indexOf(el) };
}

export function focusAround({ near, place }) {
  const row = near.map(byId).find(Boolean);
  const controls = [...(row?.querySelectorAll(CONTROLS) ?? [])];
  focusOn(controls[place] ?? controls.find((el) => el.matches("a[href]")));
}

// Focus *el* if it is there, else the heading.
export function focusOn(el) {
  const target = el?.isConnected && el !== document.body ? el : document.querySelector("#sm-page h1");
  if (!target) return;
  if (target.matches("h1")) target.tabIndex = -1;
  target.focus({ preventScroll: target.matches("h1") });
}

// A patch may take the row away: what is around it is only known before.
let mine = null;
document.addEventListener("datastar-fetch", ({ detail: { type } }) => {
  if (type === "datastar-patch-elements") mine = around(document.activeElement);
}, true);
document.addEventListener("datastar-fetch", ({ detail: { type } }) => {
  if (type === "datastar-patch-elements" && mine && isLost()) focusAround(mine);
});
