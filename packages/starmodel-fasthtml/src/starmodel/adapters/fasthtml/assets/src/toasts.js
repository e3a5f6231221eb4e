// What passes by: what was done, with the ways on from it. Ctrl+Z takes the last step that is told of here back, F8 leads here,
// and nothing goes away under the hand or the eye of whoever is at it: https://www.w3.org/WAI/WCAG22/Understanding/timing-adjustable
import { focusOn, isLost } from "./focus.js";
import { make, place } from "./page.js";
import { say } from "./words.js";

const TYPED = "input:not([type=checkbox],[type=radio],[type=button],[type=submit]),textarea,select,[contenteditable]";
const SECONDS = { plain: 6, withWays: 20 };

const toasts = place("sm-toasts", "aria-live", "polite");
toasts.setAttribute("role", "region");
toasts.setAttribute("aria-label", say("Messages (F8)"));
toasts.popover = "manual"; // the top layer, so that an open dialog does not cover them
toasts.showPopover?.();

let before = null; // what had the focus before a toast
toasts.addEventListener("focusin", ({ relatedTarget }) => {
  if (!toasts.contains(relatedTarget)) before = relatedTarget;
});

function dismiss(item) {
  const hadFocus = item.contains(document.activeElement);
  item.remove();
  if (hadFocus && isLost()) focusOn(before);
}

// *ways* are links, {label, href}, and buttons, {label, run, keys}: the keys are told, and press the newest of them. What
// *stays* waits to be closed: whoever it is for may look away.
export function toast(text, level = "info", ways = [], stays = false) {
  for (const other of [...toasts.children]) if (other.firstChild.textContent === text) other.remove();
  const close = make("button", { type: "button", textContent: "×", onclick: () => dismiss(item) });
  close.setAttribute("aria-label", say("Close"));
  const item = make("div", { className: "sm-toast" }, make("span", { textContent: text }), ...ways.map(drawn), close);
  item.dataset.level = level;
  const leave = () => (item.matches(":hover,:focus-within") ? setTimeout(leave, 1000) : item.remove());
  if (!stays) setTimeout(leave, 1000 * (ways.length ? SECONDS.withWays : SECONDS.plain));
  if (document.querySelector("dialog:modal") && toasts.hidePopover) {
    toasts.hidePopover(); // to come out again above the dialog
    toasts.showPopover();
  }
  toasts.append(item);
  return item;
}

function drawn({ label, href, run, keys }) {
  if (href) return make("a", { className: "sm-undo", href, textContent: label });
  const press = ({ target }) => (dismiss(target.closest(".sm-toast")), run());
  const button = make("button", { type: "button", className: "sm-undo", textContent: label, onclick: press });
  if (keys) {
    button.setAttribute("aria-keyshortcuts", "Control+Z Meta+Z");
    button.append(" ", make("kbd", { textContent: keys }));
  }
  return button;
}

document.addEventListener("keydown", (evt) => {
  if (evt.defaultPrevented || evt.altKey || evt.shiftKey || document.querySelector("dialog:modal")) return;
  const isUndo = evt.key.toLowerCase() === "z" && (evt.ctrlKey || evt.metaKey) && !evt.target.closest?.(TYPED);
  const newest = isUndo
    ? [...toasts.querySelectorAll("[aria-keyshortcuts]")].at(-1)
    : evt.key === "F8" && toasts.lastElementChild?.querySelector("a,button");
  if (!newest) return;
  evt.preventDefault();
  if (isUndo) newest.click();
  else newest.focus();
});
