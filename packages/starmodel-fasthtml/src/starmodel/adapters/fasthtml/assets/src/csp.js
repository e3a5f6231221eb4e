// Let Datastar run under a content security policy without 'unsafe-eval'.
//
// Datastar compiles each expression with Function(...). Here the global Function compiles through an inline script
// that carries the page's nonce, which such a policy allows. It must run before Datastar, as a classic script: only
// then does document.currentScript know the nonce.
(() => {
  const { nonce } = document.currentScript;
  const compiled = new Map();
  const ENOUGH = 2000; // a page that lives for days and shows ever new rows must not keep every expression
  let count = 0;

  const compile = (...parts) => {
    const body = parts.pop() ?? "";
    const source = `(${parts.join()}\n){\n${body}\n}`;
    let result = compiled.get(source);
    if (result) return result;
    const slot = `__starmodel_${++count}`;
    const script = document.createElement("script");
    script.nonce = nonce;
    script.text = `window.${slot}=function anonymous${source}`;
    document.head.append(script);
    script.remove();
    result = window[slot];
    delete window[slot];
    if (!result) throw new SyntaxError(`this expression does not compile: ${String(body).slice(0, 200)}`);
    if (compiled.size >= ENOUGH) compiled.delete(compiled.keys().next().value);
    compiled.set(source, result);
    return result;
  };

  globalThis.Function = new Proxy(Function, {
    apply: (_target, _self, parts) => compile(...parts),
    construct: (_target, parts) => compile(...parts),
  });
})();
