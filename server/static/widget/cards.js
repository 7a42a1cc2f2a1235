// Cards: one thing at a glance. Each takes the card's data and the tools {t, lang, say} and gives a body.

import { h, icon } from "./dom.js";
import { clock, date, moment, money, pick } from "./format.js";

const BODIES = { order, orders, products, comparison, size, case: caseCard, parcel };
const SHORT = { order: (data) => data.state_label, case: (data) => data.state_label, orders: null };

/** A card that folds to one line; `spent` cards start folded and stay as a receipt. */
export function card({ kind, title, data }, tools, spent) {
  const short = pick(SHORT[kind]?.(data), tools.lang);
  const folds = spent && ["orders", "products"].includes(kind);
  return h(
    "details.card",
    { open: !folds },
    h("summary", {}, icon("box"), h("b", {}, title || tools.t(kind)), short && h("span.state", {}, short), icon("down")),
    h(`div.body.${kind}`, {}, BODIES[kind](data, tools)),
  );
}

/** Label and value pairs; pairs without a value are left out. */
export function pairs(rows) {
  const shown = rows.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return h("dl", {}, shown.map(([label, value]) => h("div", {}, h("dt", {}, label), h("dd", {}, value))));
}

/** A picture's stand-in: the first sign of the name. */
export function picture(name) {
  return h("span.picture", { "aria-hidden": "true" }, [...name][0] ?? "");
}

const optionText = (options) => (typeof options === "string" ? options : Object.values(options ?? {}).join(" · "));

function order(data, { t, lang }) {
  const parcel = data.parcel && `${data.parcel.carrier} ${data.parcel.waybill}`;
  const last = data.parcel?.last_scan;
  return [
    lines(data, { t, lang }),
    steps(data.step, t),
    pairs([
      [t("order_no"), h("span.num", {}, data.order_id)],
      [t("paid"), h("b.num", {}, money(data.paid))],
      [t("paid_at"), data.paid_at && date(data.paid_at, lang)],
      [t("shipped_at"), data.shipped_at && date(data.shipped_at, lang)],
      [t("signed_at"), data.signed_at && date(data.signed_at, lang)],
      [t("parcel"), parcel],
      ["", last && scanText(last, lang)],
    ]),
    (data.tickets ?? []).map((ticket) => h("p.ticket", {}, icon("wait"), pick(ticket.state_label, lang))),
  ];
}

function scanText(scan, lang) {
  return typeof scan === "string" ? scan : `${moment(scan.at, lang)} ${scan.place ?? ""} ${pick(scan.text, lang)}`;
}

function lines(data, { t, lang }) {
  return (data.lines ?? []).map((line) => {
    const name = pick(line.name, lang);
    const detail = [optionText(line.options), line.qty > 1 && t("pieces", { n: line.qty })].filter(Boolean).join(" · ");
    return h("div.line", {}, picture(name), h("span", {}, h("span", {}, name), h("small", {}, detail)));
  });
}

function steps(step, t) {
  if (!step) return null;
  const names = [1, 2, 3, 4].map((n) => t(`step_${n}`));
  const items = names.map((name, n) => h(`li${n < step ? ".past" : ""}`, { "aria-current": n + 1 === step && "step" }, name));
  return h("ol.steps", { "aria-label": t("step_of", { n: step }) }, items);
}

function orders(data, tools) {
  const { t, lang, say } = tools;
  const rows = data.orders ?? data.items ?? [];
  return rows.map((row) => {
    const ask = () => say(t("this_order_text", { id: row.order_id }), { order_id: row.order_id });
    const label = `${t("this_order")} ${row.order_id}`;
    return h(
      "div.choice",
      {},
      lines(row, tools),
      h("div.foot", {}, h("span.state", {}, pick(row.state_label, lang)), h("b.num", {}, money(row.paid))),
      h("button.quiet", { type: "button", "aria-label": label, onclick: ask }, t("this_order")),
    );
  });
}

function stockWord(stock, t) {
  if (stock === undefined || stock === null) return null;
  if (stock === 0) return h("span.state.wait", {}, t("no_stock"));
  return h("span.state", {}, stock < 6 ? t("few_left", { n: stock }) : t("in_stock"));
}

function products(data, { t, lang, say }) {
  return data.items.map((item) => {
    const name = pick(item.name, lang);
    const ask = () => say(t("this_product_text", { name }));
    const price = item.price_from === undefined ? null : h("b.num", {}, t("price_from", { price: money(item.price_from) }));
    return h(
      "div.choice",
      {},
      h("div.line", {}, picture(name), h("span", {}, h("span", {}, name), item.why && h("small", {}, pick(item.why, lang)))),
      attributes(item.attributes, lang),
      h("div.foot", {}, price, stockWord(item.stock, t)),
      h("button.quiet", { type: "button", "aria-label": `${t("this_product")} ${name}`, onclick: ask }, t("this_product")),
    );
  });
}

function attributes(given, lang) {
  const rows = Array.isArray(given)
    ? given.map(({ label, value }) => [pick(label, lang), pick(value, lang)])
    : Object.entries(given ?? {}).map(([label, value]) => [label, pick(value, lang)]);
  return rows.length ? pairs(rows.slice(0, 4)) : null;
}

function comparison(data, { t, lang }) {
  const names = data.columns.map((name) => h("th", { scope: "col" }, pick(name, lang)));
  const rows = data.rows.map((row) =>
    h(
      row.differs ? "tr.differs" : "tr",
      {},
      h("th", { scope: "row" }, pick(row.label, lang), row.differs && h("span.sr", {}, ` (${t("differs")})`)),
      row.values.map((value) => h("td", {}, pick(value, lang))),
    ),
  );
  return table(h("tr", {}, h("td"), names), rows, t("comparison"));
}

function size(data, { t, lang }) {
  const columns = data.columns.map((name) => h("th", { scope: "col" }, pick(name, lang)));
  const rows = data.rows.map((row) =>
    h(
      row.recommended ? "tr.chosen" : "tr",
      {},
      h("th", { scope: "row" }, row.size, row.recommended && h("span.tag", {}, t("recommended"))),
      row.values.map((value) => h("td.num", {}, pick(value, lang))),
    ),
  );
  const head = h("tr", {}, columns.length === data.rows[0]?.values.length ? h("th", { scope: "col" }, t("size_col")) : null, columns);
  return [data.why && h("p", {}, pick(data.why, lang)), table(head, rows, t("size"))];
}

/** A wide table scrolls sideways by itself and can be reached by keyboard. */
function table(head, rows, label) {
  const scroller = { tabindex: "0", role: "region", "aria-label": label };
  return h("div.wide", scroller, h("table", {}, h("thead", {}, head), h("tbody", {}, rows)));
}

function caseCard(data, { t, lang }) {
  return pairs([
    [t("case"), [pick(data.kind_label, lang), h("small.num", {}, ` ${data.ticket_id}`)]],
    [t("next_step"), pick(data.next_step, lang)],
    [t("by_when"), data.by_when && moment(data.by_when, lang)],
  ]);
}

function parcel(data, { t, lang }) {
  const scans = (data.scans ?? []).map((scan) =>
    h("li", {}, h("time.num", { datetime: scan.at }, `${date(scan.at, lang)} ${clock(scan.at, lang)}`), h("span", {}, `${scan.place ?? ""} ${pick(scan.text, lang)}`)),
  );
  return [pairs([[data.carrier, h("span.num", {}, data.waybill)]]), h("ol.scans", {}, scans)];
}
