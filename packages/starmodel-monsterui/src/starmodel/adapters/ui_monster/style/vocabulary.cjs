// Which classes the compiled style sheet knows: an explicit list, because a pattern makes Tailwind try everything.

const gaps = ["0", "px", "0.5", "1", "1.5", "2", "2.5", "3", "3.5", "4", "5", "6", "7", "8", "9", "10", "12", "14", "16", "20", "24", "32"];
const fewGaps = ["0", "1", "2", "3", "4", "6", "8", "10", "12", "16"];
const sizes = [...gaps, "11", "28", "36", "40", "48", "56", "64", "72", "80", "96"];
const parts = ["auto", "full", "1/2", "1/3", "2/3", "1/4", "3/4", "fit", "min", "max"];
const widths = ["none", "xs", "sm", "md", "lg", "xl", "2xl", "3xl", "4xl", "5xl", "6xl", "7xl", "full", "prose"];
const one = ["1", "2", "3", "4", "5", "6"];
const twelve = [...one, "7", "8", "9", "10", "11", "12"];
const texts = ["xs", "sm", "base", "lg", "xl", "2xl", "3xl", "4xl", "5xl", "6xl"];
const greys = ["slate", "gray", "zinc", "neutral", "stone"];
const hues = ["red", "orange", "amber", "yellow", "lime", "green", "emerald", "teal", "cyan", "sky", "blue", "indigo", "violet", "purple", "pink", "rose"];
const shades = ["50", "100", "200", "300", "400", "500", "600", "700", "800", "900", "950"];
const theme = [
  "background", "foreground", "muted", "muted-foreground", "card", "card-foreground", "popover", "popover-foreground", "border", "input", "ring",
  "primary", "primary-foreground", "secondary", "secondary-foreground", "accent", "accent-foreground", "destructive", "destructive-foreground",
  "info", "success", "warning", "error",
];

const each = (prefixes, values) => prefixes.flatMap((prefix) => values.map((value) => `${prefix}-${value}`));
const when = (states, classes) => states.flatMap((state) => classes.map((name) => `${state}:${name}`));

const margins = ["m", "mx", "my", "mt", "mb", "ms", "me", "ml", "mr"];
const paddings = ["p", "px", "py", "pt", "pb", "ps", "pe", "pl", "pr"];
const spacing = [
  ...each([...margins, ...paddings, "gap", "gap-x", "gap-y", "space-x", "space-y"], gaps),
  ...each(["m", "mx", "my", "mt", "mb", "ms", "me", "ml", "mr"], ["auto"]),
  ...each(["-m", "-mx", "-my", "-mt", "-mb", "-ms", "-me"], ["px", "1", "2", "3", "4", "6", "8"]),
];
const sizing = [
  ...each(["w", "h", "size"], sizes), ...each(["w", "h"], [...parts, "screen"]), "size-full", "h-dvh", "min-h-screen", "min-h-dvh",
  ...each(["min-w", "min-h"], ["0", "9", "full", "fit", "min", "max"]), ...each(["max-w"], [...widths, "screen-sm", "screen-md", "screen-lg", "screen-xl"]),
  ...each(["max-h", "max-w"], ["40", "48", "64", "80", "96"]), "max-h-full", "max-h-screen", "aspect-square", "aspect-video",
];
const display = ["block", "inline", "inline-block", "flex", "inline-flex", "grid", "inline-grid", "contents", "hidden", "table", "flow-root"];
const flexing = [
  ...each(["flex"], ["row", "row-reverse", "col", "col-reverse", "wrap", "wrap-reverse", "nowrap", "1", "auto", "initial", "none"]),
  "grow", "grow-0", "shrink", "shrink-0", "basis-0", "basis-full", "basis-auto", "basis-1/2",
  ...each(["items"], ["start", "end", "center", "baseline", "stretch"]), ...each(["justify"], ["start", "end", "center", "between", "around", "evenly"]),
  ...each(["self"], ["auto", "start", "end", "center", "stretch"]), ...each(["content"], ["start", "center", "end", "between"]),
  ...each(["justify-items", "place-items", "place-content", "justify-self"], ["start", "center", "end", "stretch"]), ...each(["order"], ["first", "last", "none"]),
];
const gridding = [
  ...each(["grid-cols", "col-span"], twelve), ...each(["grid-rows", "row-span"], one), "grid-cols-none", "col-span-full", "row-span-full",
  ...each(["grid-flow"], ["row", "col", "dense"]), ...each(["col-start", "col-end"], [...one, "auto"]), "auto-rows-fr", "auto-cols-fr",
];
const typing = [
  ...each(["text"], [...texts, "left", "right", "center", "start", "end", "justify", "wrap", "nowrap", "balance", "pretty", "ellipsis", "current", "transparent", "inherit"]),
  ...each(["font"], ["light", "normal", "medium", "semibold", "bold", "extrabold", "sans", "serif", "mono"]),
  ...each(["leading"], ["none", "tight", "snug", "normal", "relaxed", "loose", "4", "5", "6", "7", "8"]), ...each(["tracking"], ["tighter", "tight", "normal", "wide", "wider", "widest"]),
  ...each(["line-clamp"], ["1", "2", "3", "4", "none"]), ...each(["whitespace"], ["normal", "nowrap", "pre", "pre-line", "pre-wrap"]), ...each(["break"], ["words", "all", "normal"]),
  ...each(["list"], ["disc", "decimal", "none", "inside", "outside", "[circle]", "[square]"]), ...each(["align"], ["baseline", "top", "middle", "bottom"]), ...each(["underline-offset"], ["2", "4"]),
  "italic", "not-italic", "underline", "overline", "no-underline", "line-through", "uppercase", "lowercase", "capitalize", "normal-case", "truncate", "tabular-nums", "antialiased", "decoration-dotted",
];
const bordering = [
  "border", ...each(["border"], ["0", "2", "4", "8", "solid", "dashed", "dotted", "none", "transparent", "current", "x", "y", "t", "b", "s", "e", "l", "r", "t-0", "b-0", "t-2", "b-2", "s-2", "s-4", "l-2", "l-4"]),
  "divide-x", "divide-y", "divide-x-0", "divide-y-0", "divide-border", "divide-dashed",
  "rounded", ...each(["rounded"], ["none", "sm", "md", "lg", "xl", "2xl", "3xl", "full", "t", "b", "s", "e", "t-lg", "b-lg", "s-lg", "e-lg", "t-none", "b-none"]),
  "ring", ...each(["ring"], ["0", "1", "2", "4", "inset", "offset-1", "offset-2"]), "outline-none", "outline", "outline-1", "outline-2", ...each(["outline-offset"], ["0", "1", "2", "4"]),
  "shadow", ...each(["shadow"], ["none", "sm", "md", "lg", "xl", "2xl", "inner"]),
];
const placing = [
  "static", "relative", "absolute", "fixed", "sticky", ...each(["inset", "inset-x", "inset-y", "top", "bottom", "start", "end", "left", "right"], ["0", "1", "2", "3", "4", "6", "8", "auto", "1/2", "full"]),
  "-top-1", "-bottom-1", ...each(["z"], ["0", "10", "20", "30", "40", "50", "auto"]), ...each(["overflow", "overflow-x", "overflow-y"], ["auto", "hidden", "visible", "scroll", "clip"]),
  ...each(["object"], ["contain", "cover", "center", "top"]), "isolate", "visible", "invisible", "sr-only", "not-sr-only", "float-left", "float-right", "float-start", "float-end", "clear-both",
];
const acting = [
  ...each(["cursor"], ["pointer", "default", "not-allowed", "wait", "text", "move", "help", "grab"]), "select-none", "select-text", "select-all", "pointer-events-none", "pointer-events-auto", "resize", "resize-none", "resize-y",
  "transition", ...each(["transition"], ["all", "colors", "opacity", "shadow", "transform", "none"]), ...each(["duration", "delay"], ["75", "100", "150", "200", "300", "500"]), ...each(["ease"], ["linear", "in", "out", "in-out"]),
  ...each(["animate"], ["none", "spin", "ping", "pulse", "bounce"]), ...each(["opacity"], ["0", "5", "10", "20", "25", "30", "40", "50", "60", "70", "75", "80", "90", "95", "100"]),
  ...each(["scale"], ["90", "95", "100", "105", "110"]), ...each(["rotate", "-rotate"], ["1", "2", "3", "45", "90", "180"]), ...each(["translate-x", "translate-y", "-translate-x", "-translate-y"], ["0", "px", "0.5", "1", "2", "4", "1/2", "full"]),
  "transform", ...each(["origin"], ["center", "top", "bottom"]), ...each(["backdrop-blur", "blur"], ["none", "sm", "md", "lg"]), "appearance-none", "fill-current", "stroke-current", "fill-none", ...each(["stroke"], ["1", "2"]),
  "scroll-smooth", ...each(["scroll-mt"], ["4", "8", "16", "20"]), "columns-2", "columns-3", "break-inside-avoid", "group", "peer", "container",
];
const painted = [...each(["text", "bg", "border"], theme), ...each(["divide", "ring", "fill", "stroke"], ["border", "primary", "muted", "foreground", "muted-foreground", "destructive"])];
const palette = [
  ...each(["text", "bg"], each([...greys, ...hues], shades)), ...each(["border"], each([...greys, ...hues], ["200", "300", "400", "500", "600", "700", "800"])),
  ...each(["text", "bg", "border"], ["white", "black"]), "bg-transparent", "bg-current", "bg-white/10", "bg-black/50", ...each(["bg"], ["background/80", "primary/10", "primary/20", "muted/50", "destructive/10"]),
  ...each(["bg-gradient-to"], ["t", "b", "l", "r", "br", "tr"]), ...each(["from", "to"], ["primary", "background", "muted", "transparent", ...each(hues, ["500"])]),
];
const responsive = when(["sm", "md", "lg"], [
  ...display, ...each(["p", "px", "py", "m", "mx", "my", "mt", "mb", "ms", "me", "gap", "space-x", "space-y"], fewGaps), ...each(["mx", "ms", "me"], ["auto"]),
  ...each(["grid-cols"], twelve), ...each(["col-span"], [...twelve, "full"]), ...each(["w"], [...parts, "16", "24", "32", "48", "64", "72", "80", "96"]), ...each(["h"], ["auto", "full", "screen"]),
  ...each(["max-w"], widths), ...each(["flex"], ["row", "row-reverse", "col", "wrap", "nowrap", "1", "none"]), ...each(["items"], ["start", "end", "center", "stretch"]), ...each(["justify"], ["start", "end", "center", "between"]),
  ...each(["text"], [...texts, "left", "right", "center", "start", "end"]), "static", "relative", "absolute", "sticky", "order-first", "order-last", "rounded-lg", "border", "border-0", "shadow", "truncate",
]);
const wide = when(["xl"], [...each(["grid-cols"], one), "flex", "grid", "block", "hidden", ...each(["max-w"], ["5xl", "6xl", "7xl"]), ...each(["gap", "p", "px"], ["4", "6", "8"])]);
const states = [
  ...when(["hover"], [
    ...each(["bg", "text", "border"], ["primary", "muted", "accent", "secondary", "foreground", "destructive", "background"]), ...each(["bg"], each([...greys, ...hues], ["50", "100", "200", "600", "700"])),
    ...each(["text"], each([...greys, ...hues], ["500", "600", "700", "900"])), ...each(["bg"], ["muted/50", "primary/90", "accent-foreground", "transparent"]), "text-accent-foreground", "text-primary-foreground",
    "underline", "no-underline", "opacity-75", "opacity-80", "opacity-100", "scale-105", "-translate-y-1", "-translate-y-0.5", ...each(["shadow"], ["sm", "md", "lg", "xl"]), "cursor-help",
  ]),
  ...when(["focus", "focus-visible"], ["outline-none", "ring", "ring-1", "ring-2", "ring-ring", "ring-primary", "ring-offset-2", "border-primary"]), ...when(["focus-within"], ["ring-2", "ring-ring", "opacity-100"]),
  ...when(["disabled"], ["opacity-50", "cursor-not-allowed", "pointer-events-none"]), ...when(["active"], ["scale-95", "opacity-80"]),
  ...when(["group-hover"], ["opacity-100", "visible", "block", "flex", "underline", "text-primary", "text-foreground"]), ...when(["group-focus-within"], ["opacity-100"]),
  ...when(["dark"], [
    ...each(["bg"], each([...greys, ...hues], ["800", "900", "950"])), ...each(["bg"], each(greys, ["600", "700"])), ...each(["text"], each([...greys, ...hues], ["100", "200", "300", "400"])), ...each(["border"], each([...greys, ...hues], ["600", "700", "800"])),
    "text-white", "text-black", "bg-black", "bg-white", "block", "hidden", "inline", "opacity-80", "shadow-none", "invert",
  ]),
  ...when(["first"], ["mt-0", "pt-0", "border-t-0"]), ...when(["last"], ["mb-0", "pb-0", "border-b-0"]), ...when(["odd", "even"], ["bg-muted", "bg-muted/50"]),
  ...when(["print"], ["hidden", "block"]), ...when(["motion-reduce"], ["transition-none", "animate-none"]), ...when(["rtl"], ["rotate-180", "-scale-x-100"]),
];
// What MonsterUI writes, or puts together at run time; a test compares this with the MonsterUI that is installed.
const monster = [
  "alert", "steps", "step", "steps-vertical", "steps-horizontal", "loading", "toast", ...each(["alert"], ["info", "success", "warning", "error"]), ...each(["step"], ["primary", "secondary", "accent", "info", "success", "warning", "error", "neutral"]),
  ...each(["loading"], ["spinner", "dots", "ring", "ball", "bars", "infinity", "xs", "sm", "md", "lg"]), ...each(["toast"], ["start", "center", "end", "top", "middle", "bottom"]),
  "avatar", "skeleton", "stats", "stat", "stat-title", "stat-value", "stat-desc", "stat-figure", "badge", ...each(["badge"], ["outline", "ghost", "primary", "secondary", "info", "success", "warning", "error", "sm", "lg"]), "indicator", "indicator-item",
  "bg-base-200", "my-4", "my-8", "h-[2px]", "h-[1px]", "tracking-tight", "border-l-4", "mt-1.5", "text-primary-focus",
  "group-[.uk-open]:block", "group-[.uk-open]:hidden", "group-disabled:animate-spin", "group-disabled:opacity-0", "group-enabled:hidden", "has-[:checked]:bg-primary", "hover:text-primary-focus", "hover:text-blue-800",
  "dark:text-gray-200", "dark:bg-yellow-800", "dark:border-gray-600", "dark:border-gray-800", "dark:bg-gray-800", "backdrop-blur-sm", "md:block", "md:hidden",
];

module.exports = [...new Set([
  ...spacing, ...sizing, ...display, ...flexing, ...gridding, ...typing, ...bordering, ...placing, ...acting, ...painted, ...palette, ...responsive, ...wide, ...states, ...monster,
])];
