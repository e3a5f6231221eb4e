// What the scripts say, in the language of the page: its body brings it where that is not English.
const table = JSON.parse(document.body.dataset.smWords ?? "{}");

export function say(phrase, values = {}) {
  return (table[phrase] ?? phrase).replace(/{(\w+)}/g, (_, name) => values[name]);
}
