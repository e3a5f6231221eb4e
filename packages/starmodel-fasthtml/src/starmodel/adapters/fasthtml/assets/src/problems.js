// Show what the server found wrong, at the fields where it is wrong.
import { byId, make } from "./page.js";
import { toast } from "./toasts.js";

const marks = new Map(); // field -> {text, note, described}
let count = 0;

export function showProblem(fields, { title, detail, errors }) {
  if (detail ?? title) toast(detail ?? title, "error");
  for (const { loc = [], message } of errors ?? []) {
    const names = [loc.join("."), ...loc.map(String).reverse()];
    const field = fields.find((el) => names.includes(el.name)) ?? (fields.length === 1 && fields[0]);
    if (field) mark(field, message);
  }
  fields.find((el) => marks.has(el))?.focus();
}

export function mark(el, text) {
  unmark(el);
  if (!el.isConnected) return;
  const note = make("small", { className: "sm-error", id: `sm-error-${++count}`, textContent: text });
  note.setAttribute("role", "status");
  const described = el.getAttribute("aria-describedby") ?? "";
  marks.set(el, { text, note, described });
  el.setAttribute("aria-invalid", "true");
  el.setAttribute("aria-describedby", `${described} ${note.id}`.trim());
  el.after(note);
}

export function unmark(el) {
  const { note, described } = marks.get(el) ?? {};
  if (!marks.delete(el)) return drop(el);
  note.remove();
  el.removeAttribute("aria-invalid");
  if (described) el.setAttribute("aria-describedby", described);
  else el.removeAttribute("aria-describedby");
}

// Lead to what the server says is wrong with the whole: from there each field is one step away.
export function attend(root) {
  const alert = root.querySelector("[role=alert]");
  alert?.setAttribute("tabindex", "-1");
  alert?.focus();
}

// A message that the server has drawn at a field is over when the field is changed.
function drop(el) {
  if (!el.id || el.getAttribute("aria-invalid") !== "true") return;
  el.removeAttribute("aria-invalid");
  byId(`${el.id}-error`)?.remove();
}

document.addEventListener("input", ({ target }) => unmark(target), true);
// The server's HTML knows nothing of the marks, so a patch takes them away.
document.addEventListener("datastar-fetch", ({ detail: { type } }) => {
  if (type === "datastar-patch-elements") for (const [el, { text, note }] of marks) if (!note.isConnected) mark(el, text);
});
