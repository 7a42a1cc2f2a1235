// Elements are built, never parsed: a text can only ever become a text node.

/** `h("p.note", {role: "status", onclick}, "text", child)`: an element with classes, attributes, listeners, children. */
export function h(spec, props, ...children) {
  const [tag, ...classes] = spec.split(".");
  const node = document.createElement(tag || "div");
  if (classes.length) node.className = classes.join(" ");
  for (const [name, value] of Object.entries(props ?? {})) set(node, name, value);
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function set(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else if (name === "value") node.value = value;
  else node.setAttribute(name, value === true ? "" : String(value));
}

const SVG = "http://www.w3.org/2000/svg";
const SHAPES = {
  chat: "M4 5h16v11H10l-5 4v-4H4z",
  close: "M6 6l12 12M18 6L6 18",
  send: "M4 12l16-7-5 15-3.5-6.5z",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20a7.5 7.5 0 0 1 15 0",
  good: "M5 12.5l4.5 4.5L19 7.5",
  wait: "M12 7v5l3.5 2M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  risk: "M12 4l9 16H3zM12 10v4M12 17v.5",
  down: "M6 9l6 6 6-6",
  clip: "M20 11l-8 8a5 5 0 0 1-7-7l9-9a3.5 3.5 0 0 1 5 5l-9 9a2 2 0 0 1-3-3l8-8",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l5 5",
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

/** Make `parent` hold exactly `items`, building a node only for a new key or a changed signature. */
export function reconcile(parent, items, build) {
  const before = parent.keyed ?? new Map();
  const after = new Map();
  let at = parent.firstChild;
  for (const item of items) {
    const old = before.get(item.key);
    const kept = old?.sign === item.sign;
    const node = kept ? old.node : build(item);
    if (!kept && old) {
      if (old.node === at) at = at.nextSibling;
      old.node.replaceWith(node);
    } else if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
    after.set(item.key, { sign: item.sign, node });
  }
  for (const [key, { node }] of before) if (!after.has(key)) node.remove();
  parent.keyed = after;
}

// Money is an integer in fen, instants are ISO strings; the trade's clock is Asia/Shanghai.

const ZONE = "Asia/Shanghai";
const LOCALE = { zh: "zh-CN", en: "en-GB" };

/** 8900 → "¥89.00". */
export function money(fen) {
  const yuan = Math.floor(Math.abs(fen) / 100).toLocaleString("en-US");
  return `${fen < 0 ? "−" : ""}¥${yuan}.${String(Math.abs(fen) % 100).padStart(2, "0")}`;
}

function format(at, lang, options) {
  return new Intl.DateTimeFormat(LOCALE[lang], { timeZone: ZONE, ...options }).format(new Date(at));
}

export const date = (at, lang) => format(at, lang, { year: "numeric", month: "short", day: "numeric" });

export const clock = (at, lang) => format(at, lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** Day and time, the year only when it is not that of `now`. */
export function moment(at, lang, now = at) {
  const year = new Date(at).getFullYear() === new Date(now).getFullYear() ? {} : { year: "numeric" };
  const options = { ...year, month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return format(at, lang, options);
}

export const minutes = (from, to) => Math.max(0, Math.floor((new Date(to) - new Date(from)) / 60000));

export const pick = (text, lang) => (typeof text === "string" ? text : (text?.[lang] ?? text?.zh ?? ""));

// The smallest Markdown: paragraphs, lists, bold, code, and citation marks like [1]. Everything else stays the text it is.

const INLINE = /\*\*(.+?)\*\*|`([^`]+)`|\[(\d{1,2})\]/g;
const BULLET = /^\s*[-*•]\s+/;
const NUMBER = /^\s*\d{1,2}[.、)]\s+/;

/** The blocks of `text` as nodes. `mark(number)` gives the node of a citation mark, or null to leave it as text. */
export function markdown(text, mark = () => null) {
  const blocks = document.createDocumentFragment();
  for (const chunk of text.replaceAll("\r", "").split(/\n\s*\n/)) {
    for (const run of runs(chunk.split("\n").filter((line) => line.trim()))) blocks.append(block(run, mark));
  }
  return blocks;
}

function runs(lines) {
  const found = [];
  for (const line of lines) {
    const kind = BULLET.test(line) ? "ul" : NUMBER.test(line) ? "ol" : "p";
    const last = found.at(-1);
    if (last?.kind === kind) last.lines.push(line);
    else found.push({ kind, lines: [line] });
  }
  return found;
}

function block({ kind, lines }, mark) {
  if (kind === "p") return h("p", {}, lines.flatMap((line, n) => [n ? h("br") : null, ...inline(line, mark)]));
  const start = kind === "ol" ? Number.parseInt(lines[0], 10) : null;
  const rows = lines.map((line) => h("li", {}, inline(line.replace(kind === "ul" ? BULLET : NUMBER, ""), mark)));
  return h(kind, { start: start === 1 ? null : start }, rows);
}

function inline(line, mark) {
  const parts = [];
  let from = 0;
  for (const hit of line.matchAll(INLINE)) {
    const [whole, bold, code, number] = hit;
    parts.push(line.slice(from, hit.index));
    if (bold) parts.push(h("strong", {}, inline(bold, mark)));
    else if (code) parts.push(h("code", {}, code));
    else parts.push(mark(Number(number)) ?? whole);
    from = hit.index + whole.length;
  }
  parts.push(line.slice(from));
  return parts.filter((part) => part !== "");
}

// One brand colour from the shop becomes two, readable in light and dark (WCAG 2.2, 1.4.3: contrast at least 4.5:1).

const LIGHT_GROUND = [246, 245, 242];
const DARK_GROUND = [33, 36, 43];
const WHITE = [255, 255, 255];
const DARK_INK = [23, 25, 30];
const ENOUGH = 4.6;

export function parse(colour) {
  const hex = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(colour?.trim() ?? "")?.[1];
  if (!hex) return null;
  const full = hex.length === 3 ? [...hex].map((digit) => digit + digit).join("") : hex;
  return [0, 2, 4].map((at) => Number.parseInt(full.slice(at, at + 2), 16));
}

function luminance(rgb) {
  const [r, g, b] = rgb.map((channel) => {
    const c = channel / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

function toward(rgb, goal, grounds) {
  for (let step = 0; step <= 50; step += 1) {
    const mixed = rgb.map((channel, n) => Math.round(channel + ((goal[n] - channel) * step) / 50));
    if (grounds.every((ground) => contrast(mixed, ground) >= ENOUGH)) return mixed;
  }
  return goal;
}

/** The pair nearest to `rgb` that is readable as text on our grounds and under the text we put on it. */
export function readable(rgb) {
  return { light: toward(rgb, [0, 0, 0], [LIGHT_GROUND, WHITE]), dark: toward(rgb, WHITE, [DARK_GROUND, DARK_INK]) };
}

export function applyBrand(element, colour) {
  const rgb = parse(colour);
  if (!rgb) return;
  const { light, dark } = readable(rgb);
  element.style.setProperty("--brand-light", `rgb(${light.join(" ")})`);
  element.style.setProperty("--brand-dark", `rgb(${dark.join(" ")})`);
}
