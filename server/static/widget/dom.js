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
