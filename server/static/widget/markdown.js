// The smallest Markdown: paragraphs, lists, bold, code, and citation marks like [1]. Everything else stays the text it is.

import { h } from "./dom.js";

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
