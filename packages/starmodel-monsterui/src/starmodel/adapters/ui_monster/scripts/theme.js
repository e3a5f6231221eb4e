// Light or dark before anything is painted: what the visitor chose, else what the system says. Other tabs follow.
(() => {
  const KEY = "starmodel-theme";
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try {
      return localStorage.getItem(KEY) || "system";
    } catch {
      return "system"; // a browser may forbid it
    }
  }

  function show() {
    const theme = chosen();
    root.classList.toggle("dark", theme === "dark" || (theme === "system" && system.matches));
    for (const radio of document.getElementsByName("sm-theme")) radio.checked = radio.value === theme;
  }

  function choose(event) {
    if (event.target.name !== "sm-theme") return;
    try {
      if (event.target.value === "system") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, event.target.value);
    } catch {
      root.classList.toggle("dark", event.target.value === "dark"); // for this page only
      return;
    }
    show();
  }

  root.classList.add("js");
  show();
  system.addEventListener("change", show);
  addEventListener("storage", show);
  document.addEventListener("DOMContentLoaded", show);
  document.addEventListener("change", choose);
})();
