// For an application's own classes: the kit's colours and plugins, and nothing that the application does not write.

const kit = require("./tailwind.config.cjs");

module.exports = {
  ...kit,
  safelist: [],
  blocklist: ["card", "table", "row", "stack", "muted"], // words that the kit has rules of its own for, or that any program holds
};
