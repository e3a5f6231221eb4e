// Forms that are a page: sent in place, so that what was typed is not lost on a bad way, the address stays that of the
// form, and what is wrong in it gets the focus. Without scripts the browser sends them, to the same addresses.
import { formText } from "./commands.js";
import { forgetChange } from "./leaving.js";
import { asOwn, tellGone } from "./meanwhile.js";
import { attend } from "./problems.js";
import { toast } from "./toasts.js";
import { forgetBase } from "./typing.js";
import { show } from "./visiting.js";
import { say } from "./words.js";

document.addEventListener("submit", (evt) => {
  const form = evt.target;
  if (evt.defaultPrevented || !form.matches("#sm-page form[data-sm-form]")) return;
  evt.preventDefault();
  if (!form.smSending) post(form, evt.submitter);
});

async function post(form, submitter) {
  form.smSending = true;
  form.ariaBusy = "true";
  try {
    conclude(form, await answer(form, submitter));
  } catch {
    toast(say("The server cannot be reached. What you have entered is still here."), "error");
  } finally {
    form.smSending = false;
    form.ariaBusy = null;
  }
}

async function answer(form, submitter) {
  // The key of the page: sent again after a broken connection, it is the same command.
  const key = new URLSearchParams({ _key: form.querySelector("[name=_key]")?.value ?? "" });
  const headers = { Accept: "text/html", "Content-Type": "application/x-www-form-urlencoded" };
  const reply = await fetch(form.getAttribute("action"), { method: "POST", headers, body: `${formText(form, submitter)}&${key}` });
  return { reply, text: await reply.text() };
}

function conclude(form, { reply, text }) {
  if (reply.redirected) {
    forgetChange(form);
    return location.assign(reply.url);
  }
  const page = new DOMParser().parseFromString(text, "text/html");
  if (!page.getElementById(form.getAttribute("id"))) return refused(form, reply.status, page);
  if (reply.status === 409) forgetBase(form); // its user sees both values: what is sent next stands on the newer one
  asOwn(() => show(text, location.href, ""));
  attend(document.getElementById("sm-page"));
}

// The answer is no form: the one that is here is the only place where what was typed still is.
function refused(form, status, page) {
  if (status === 404 || status === 410) tellGone(form);
  const heading = page.querySelector("#sm-page h1");
  toast(heading?.textContent.trim() || say("This did not work ({status}).", { status }), "error");
}
