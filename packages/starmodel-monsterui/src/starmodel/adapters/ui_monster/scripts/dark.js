document.documentElement.classList.add("dark", "js"); // before anything is painted
