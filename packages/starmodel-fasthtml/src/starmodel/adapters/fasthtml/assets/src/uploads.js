// Files of forms: sent as soon as they are chosen or dropped, with progress, and named by a reference in a hidden field.
import { make } from "./page.js";
import { mark, unmark } from "./problems.js";
import { forget } from "./typing.js";
import { say } from "./words.js";

const FIELD = "input[type=file][data-sm-upload]";
const SHOWN = 8_000_000; // a larger picture is not worth being read only to be shown small
const under = new WeakMap(); // input -> the request that sends its file
const kept = new WeakMap(); // form -> what was submitted while a file was on its way

const fieldIn = (el) => (el instanceof Element ? el.closest("[data-sm-file]")?.querySelector(FIELD) : null);
const partOf = (input, part) => input.closest("[data-sm-file]").querySelector(part);
const referenceOf = (input) => document.getElementById(`${input.id}-reference`);
const sending = (form) => [...form.querySelectorAll(FIELD)].some((input) => under.has(input));

document.addEventListener("change", ({ target }) => {
  if (target instanceof Element && target.matches(FIELD)) take(target);
  else if (target instanceof Element && target.matches("[data-sm-file] input[type=checkbox]") && target.checked) removed(target);
});

function removed(box) {
  const input = fieldIn(box);
  under.get(input)?.abort();
  referenceOf(input).value = "";
  show(input, null);
}

function take(input) {
  const [file] = input.files;
  if (!file) return;
  under.get(input)?.abort();
  unmark(input);
  if (file.size > Number(input.dataset.smMost)) return refuse(input, input.dataset.smTooLarge);
  const request = new XMLHttpRequest(); // fetch tells nothing of what has been sent
  under.set(input, request);
  progress(input, 0);
  request.upload.onprogress = ({ loaded, total }) => progress(input, total ? loaded / total : 0);
  request.onload = () => (request.status === 201 ? done(input, file, JSON.parse(request.responseText)) : refuse(input, told(request)));
  request.onerror = () => refuse(input, say("The connection broke while the file was sent; choose it again."));
  request.onabort = () => over(input);
  request.onloadend = () => goOn(input.form);
  request.open("POST", input.dataset.smUpload);
  request.setRequestHeader("StarModel-Request", "1");
  request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
  request.setRequestHeader("Content-Disposition", `attachment; filename*=UTF-8''${encoded(file.name)}`);
  request.send(file);
}

function encoded(name) {
  const whole = name.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "_").slice(-300);
  return encodeURIComponent(whole.replace(/^[\udc00-\udfff]/, "")).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
}

function told({ status, responseText }) {
  try {
    const { errors, detail } = JSON.parse(responseText);
    return errors?.[0]?.message ?? detail;
  } catch {
    return responseText || say("This did not work ({status}).", { status });
  }
}

function progress(input, part) {
  const bar = partOf(input, "progress");
  bar.hidden = partOf(input, "[data-sm-cancel]").hidden = false;
  bar.value = part;
}

// The control is emptied, so that the file is not sent once more with its form.
function over(input) {
  under.delete(input);
  partOf(input, "progress").hidden = partOf(input, "[data-sm-cancel]").hidden = true;
  input.value = "";
  forget(input);
}

function refuse(input, text) {
  over(input);
  mark(input, text);
  kept.delete(input.form);
}

function done(input, file, { reference, name }) {
  over(input);
  referenceOf(input).value = reference;
  const box = partOf(input, "input[type=checkbox]");
  if (box) box.checked = false;
  show(input, name, file);
  input.dispatchEvent(new CustomEvent("starmodel:touched", { bubbles: true }));
}

function show(input, name, file) {
  const place = partOf(input, "[data-sm-chosen]");
  place.replaceChildren();
  if (!name) return;
  place.append(make("bdi", { textContent: name }));
  if (!/^image\/(avif|bmp|gif|jpeg|png|webp)$/.test(file.type) || file.size > SHOWN) return;
  const reader = new FileReader();
  reader.onload = () => place.isConnected && place.textContent === name && place.prepend(make("img", { src: reader.result, alt: "" }));
  reader.readAsDataURL(file);
}

document.addEventListener("click", ({ target }) => {
  const button = target instanceof Element && target.closest("[data-sm-file] [data-sm-cancel]");
  if (!button) return;
  const input = fieldIn(button);
  kept.delete(input.form);
  under.get(input)?.abort();
  input.focus();
});

// A form waits for its files.
addEventListener("submit", (evt) => {
  if (!sending(evt.target)) return;
  evt.preventDefault();
  evt.stopImmediatePropagation();
  kept.set(evt.target, evt.submitter);
  evt.target.setAttribute("aria-busy", "true");
}, true);

function goOn(form) {
  if (!form || sending(form)) return;
  form.removeAttribute("aria-busy");
  if (!kept.has(form)) return;
  const submitter = kept.get(form);
  kept.delete(form);
  if (form.isConnected) form.requestSubmit(submitter?.isConnected ? submitter : undefined);
}

for (const type of ["dragenter", "dragover", "dragleave", "drop"])
  document.addEventListener(type, (evt) => {
    const input = fieldIn(evt.target);
    if (!input || input.disabled || !evt.dataTransfer?.types.includes("Files")) return;
    const box = input.closest("[data-sm-file]");
    evt.preventDefault(); // else the browser would leave the page for the file
    box.toggleAttribute("data-sm-over", type !== "drop" && !(type === "dragleave" && !box.contains(evt.relatedTarget)));
    if (type !== "drop" || !evt.dataTransfer.files.length) return;
    const [file] = evt.dataTransfer.files;
    const one = new DataTransfer();
    one.items.add(file);
    input.files = one.files;
    for (const told of ["input", "change"]) input.dispatchEvent(new Event(told, { bubbles: true }));
  });
