// How Tailwind and daisyUI are set up: the colours are the variables of the Franken themes, so that one class changes them all.

const tone = (name) => `hsl(var(--${name}) / <alpha-value>)`;
const pair = (name) => ({ DEFAULT: tone(name), foreground: tone(`${name}-foreground`) });
const state = (name) => `hsl(var(--tone-${name}) / <alpha-value>)`;

module.exports = {
  content: [],
  safelist: require("./vocabulary.cjs"),
  darkMode: "selector",
  corePlugins: { preflight: false }, // Franken UI's core carries it
  theme: {
    extend: {
      colors: {
        background: tone("background"), foreground: tone("foreground"), border: tone("border"), input: tone("input"), ring: tone("ring"),
        muted: pair("muted"), card: pair("card"), popover: pair("popover"), secondary: pair("secondary"), accent: pair("accent"), destructive: pair("destructive"),
        primary: { ...pair("primary"), focus: tone("primary") },
        "base-100": tone("background"), "base-200": tone("muted"), "base-300": tone("border"), "base-content": tone("foreground"),
        info: state("info"), success: state("success"), warning: state("warning"), error: state("danger"),
      },
    },
  },
  plugins: [require("daisyui")],
  daisyui: { themes: false, base: false, logs: false },
};
