// Take the server's frames apart and hand them on: to Datastar, or to whoever listens for one of our own.
import { toDatastar } from "./page.js";

const own = new Map();
export const on = (type, listener) => own.set(type, listener);

export function receive(type, data, el, listeners = {}) {
  if (!type.startsWith("datastar-")) return (listeners[type] ?? own.get(type))?.(data);
  const args = {};
  for (const line of data.split("\n")) {
    const space = line.indexOf(" ");
    const [key, text] = [line.slice(0, space), line.slice(space + 1)];
    args[key] = key in args ? `${args[key]}\n${text}` : text;
  }
  toDatastar(type, el, args);
}

// Lines end at \n alone: \u2028 would be one more to a regular expression, and is plain text in a stream.
function frame(text, el, listeners) {
  const lines = text.split("\n");
  const field = (name) => lines.filter((it) => it.startsWith(`${name}: `)).map((it) => it.slice(name.length + 2));
  receive(field("event").join(), field("data").join("\n"), el, listeners);
}

export async function readFrames(body, el, listeners) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = "", step; !(step = await reader.read()).done; ) {
    const frames = (rest + step.value).split("\n\n");
    rest = frames.pop();
    for (const it of frames) frame(it, el, listeners);
  }
}
