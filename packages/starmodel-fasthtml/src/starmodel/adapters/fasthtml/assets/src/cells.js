// One value of a row is changed where it stands: its control lies over the cell, outside of what patches make again.
import { send } from "./commands.js";
import { show } from "./dialogs.js";
import { isLost } from "./focus.js";
import { prepare } from "./forms.js";
import { isChanged } from "./leaving.js";
import { make } from "./page.js";
import { toast } from "./toasts.js";
import { isField } from "./typing.js";
import { say } from "./words.js";

let editor = null; // {box, form, id, cell}
let next = null; // the cell to be edited after this one

const columnOf = (cell) => cell.closest("table")?.tHead?.rows[0]?.cells[cell.cellIndex];
const addressOf = (cell) => {
  const can = cell.parentElement.querySelector("[data-sm-may]")?.dataset.smMay;
  if (can !== undefined && !can.split(" ").includes("update")) return null;
  const pattern = columnOf(cell)?.dataset.smEdit;
  const row = cell.parentElement.id;
  return pattern && row ? pattern.replace("*", row.slice(row.indexOf("-") + 1)) : null;
};
const cellOf = (target) => {
  const cell = target instanceof Element && target.closest("tbody td");
  return cell && addressOf(cell) ? cell : null;
};

// One cell of a table is reached by Tab, the others by the arrows.
function adopt(cell) {
  for (const other of cell.closest("table").querySelectorAll("td[tabindex]")) other.removeAttribute("tabindex");
  cell.tabIndex = 0;
}

function adoptFirst() {
  for (const table of document.querySelectorAll("table:has(th[data-sm-edit])"))
    if (!table.querySelector("td[tabindex]")) {
      const first = [...(table.tBodies[0]?.rows[0]?.cells ?? [])].find(addressOf);
      if (first) first.tabIndex = 0;
    }
}

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

function neighbour(cell, [down, right]) {
  const row = cell.parentElement;
  if (down) return (down > 0 ? row.nextElementSibling : row.previousElementSibling)?.cells[cell.cellIndex];
  const forward = document.dir === "rtl" ? -right : right;
  for (let next = cell; (next = forward > 0 ? next.nextElementSibling : next.previousElementSibling); ) if (addressOf(next)) return next;
}

document.addEventListener("keydown", (evt) => {
  const cell = evt.target;
  if (!(cell instanceof HTMLTableCellElement) || !addressOf(cell)) return;
  const next = STEPS[evt.key] && neighbour(cell, STEPS[evt.key]);
  if (next) {
    evt.preventDefault();
    adopt(next);
    next.focus();
  } else if (evt.key === "Enter" || evt.key === "F2") {
    evt.preventDefault();
    edit(cell);
  }
});
document.addEventListener("dblclick", (evt) => {
  const cell = cellOf(evt.target);
  if (cell && !evt.target.closest("a,button,input")) edit(cell);
});

// Whoever points at a value that can be changed sees that it can.
let pointed = null;
document.addEventListener("mouseover", ({ target }) => {
  const cell = cellOf(target);
  if (cell === pointed) return;
  pointed?.classList.remove("sm-editable");
  cell?.classList.add("sm-editable");
  pointed = cell;
});

const told = async (reply) => (await reply?.json().catch(() => null))?.detail;

async function edit(cell) {
  if (editor && isChanged(editor.form)) {
    next = cell; // as soon as the value in the other one is stored
    return;
  }
  end();
  const { smAt } = columnOf(cell).dataset;
  if (smAt) {
    adopt(cell);
    cell.focus(); // to come back to
    return show(make("a", { href: addressOf(cell), opener: cell }), smAt); // a list, or a file: it takes more room
  }
  const reply = await fetch(addressOf(cell), { headers: { Accept: "text/html", "StarModel-Request": "1" } }).catch(() => null);
  if (!reply?.ok) return toast((await told(reply)) ?? say("This did not work."), "error");
  const box = make("div", { className: "sm-cell", innerHTML: await reply.text() });
  const form = box.querySelector("form");
  if (!form) return;
  const place = cell.getBoundingClientRect();
  const width = Math.max(place.width, Math.min(220, innerWidth - 16));
  const left = Math.max(8, Math.min(place.left, innerWidth - width - 8));
  box.style.cssText = `left:${left + scrollX}px;top:${place.top + scrollY}px;width:${width}px;min-height:${place.height}px`;
  document.body.append(box);
  prepare(form);
  editor = { box, form, id: cell.id, cell };
  const field = [...form.elements].find(isField);
  field?.focus();
  field?.select?.();
  form.addEventListener("submit", (evt) => {
    evt.preventDefault();
    save(evt);
  });
  form.addEventListener("keydown", (evt) => {
    if (evt.key === "Escape" && !evt.defaultPrevented) end(true);
    if (evt.key === "Enter" && !evt.defaultPrevented && (evt.target.tagName !== "TEXTAREA" || evt.ctrlKey || evt.metaKey)) {
      evt.preventDefault();
      form.requestSubmit();
    }
  });
  form.addEventListener("change", (evt) => {
    if (evt.target.tagName === "SELECT" || evt.target.type === "checkbox") form.requestSubmit();
  });
  box.addEventListener("focusout", ({ relatedTarget }) => {
    // Left for another place, it is saved as in a spreadsheet; what does not fit stays, to be put right.
    if (editor?.form !== form || box.contains(relatedTarget) || form.smSending || !document.hasFocus()) return;
    if (!isChanged(form)) end();
    else if (!form.querySelector("[aria-invalid=true]")) form.requestSubmit();
  });
}

function save(evt) {
  const form = evt.target;
  if (form.smSending) return;
  form.smSending = true;
  const after = (problem) => {
    form.smSending = false;
    if (problem?.version) form.dataset.base = problem.version; // its user has seen both values, and may send again
    const then = next && (document.getElementById(next.id) ?? next);
    next = null;
    if (problem || editor?.form !== form) return;
    end(isLost() || form.contains(document.activeElement));
    if (then) edit(then);
  };
  send({ el: form, evt }, form.getAttribute("action"), {}, { what: form.dataset.smForm, after });
}

function end(back) {
  const { box, id, cell } = editor ?? {};
  editor = null;
  box?.remove();
  if (!back || !box) return;
  const now = document.getElementById(id) ?? cell;
  adopt(now);
  now.focus();
}

// The server's HTML knows nothing of which cell is the one to be reached.
let at = null;
document.addEventListener("datastar-fetch", () => {
  at = document.activeElement instanceof HTMLTableCellElement ? document.activeElement.id : null;
}, true);
document.addEventListener("datastar-fetch", ({ detail: { type } }) => {
  if (type !== "datastar-patch-elements") return;
  const cell = at && document.getElementById(at);
  if (cell && cell.tabIndex < 0) {
    adopt(cell);
    cell.focus({ preventScroll: true });
  }
  adoptFirst();
});
adoptFirst();
