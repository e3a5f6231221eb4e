// What somebody has entered and not sent is not thrown away before they are asked.
const changed = new WeakSet(); // forms

export const isChanged = (form) => changed.has(form);
export const forgetChange = (form) => changed.delete(form);

const note = ({ target }) => {
  const form = target instanceof Element && target.closest("form[data-sm-form]");
  if (form) changed.add(form);
};
document.addEventListener("input", note, true);
document.addEventListener("starmodel:touched", note, true);
document.addEventListener("reset", ({ target }) => forgetChange(target));

addEventListener("beforeunload", (evt) => {
  // What is on its way arrives also when its page is left.
  if ([...document.forms].some((form) => isChanged(form) && !form.smSending)) evt.preventDefault();
});
