// StarModel's own part beside Datastar. Commands arrive once and in order, the live stream always comes back, no patch
// overwrites what is being typed, and the server may say a word: `_sm: {toast: {text, level}, go: "/path"}`.
import { mergePatch } from "datastar";
import "./cells.js";
import "./commands.js";
import "./dialogs.js";
import "./forms.js";
import "./lists.js";
import "./live.js";
import "./palette.js";
import "./posting.js";
import "./references.js";
import { toast } from "./toasts.js";
import "./typing.js";
import "./uploads.js";
import "./zone.js";

document.addEventListener("datastar-signal-patch", ({ detail: { _sm: word } }) => {
  if (!word) return;
  mergePatch({ _sm: null }); // taken, so that the same word may come again
  if (word.toast?.text) toast(word.toast.text, word.toast.level);
  if (word.go) go(word.go);
});

function go(path) {
  const target = new URL(path, location.href);
  if (path.startsWith("/") && target.origin === location.origin) location.assign(target);
  else console.warn(`StarModel goes only to paths of its own site, not to ${path}`);
}
