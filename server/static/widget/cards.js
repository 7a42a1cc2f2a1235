// Cards: one thing at a glance. Each takes the card's data, already in the customer's language, and the tools {t, lang, say}.

import { h, icon } from "./dom.js";
import { date, moment, money } from "./format.js";

const BODIES = { order, orders, products, comparison, size, case: caseCard, parcel };

/** A card that folds to one line; `spent` cards start folded and stay as a receipt. */
export function card({ kind, title, data }, tools, spent) {
  const folds = spent && ["orders", "products"].includes(kind);
  return fold(!folds, title || tools.t(kind), data.state_label && h("span.state", {}, data.state_label), BODIES[kind](data, tools));
}

function fold(open, title, state, body) {
  return h(
    "details.card",
    { open },
    h("summary", {}, h("b", {}, title), state, icon("down")),
    h("div.body", {}, body),
  );
}

export function pairs(rows) {
  const shown = rows.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return h("dl", {}, shown.map(([label, value]) => h("div", {}, h("dt", {}, label), h("dd", {}, value))));
}

export function picture(name) {
  return h("span.picture", { "aria-hidden": "true" }, /\p{L}/u.exec(name)?.[0] ?? "");
}

function order(data, { t, lang }) {
  const { parcel, tickets } = data;
  return [
    lines(data, { t, lang }),
    steps(data.step, t),
    pairs([
      [t("order_no"), h("span.num", {}, data.order_id)],
      [t("paid"), h("b.num", {}, money(data.paid))],
      [t("paid_at"), data.paid_at && date(data.paid_at, lang)],
      [t("shipped_at"), data.shipped_at && date(data.shipped_at, lang)],
      [t("signed_at"), data.signed_at && date(data.signed_at, lang)],
      [t("parcel"), parcel && [`${parcel.carrier} ${parcel.waybill}`, h("small", {}, parcel.last_scan ?? "")]],
    ]),
    tickets.map((ticket) => h("p.ticket", {}, icon("wait"), [ticket.kind_label, ticket.state_label].filter(Boolean).join(" · "))),
  ];
}

function lines(data, { t }) {
  return data.lines.map((line) => {
    const { name } = line;
    const detail = [line.options, line.qty > 1 && t("pieces", { n: line.qty })].filter(Boolean).join(" · ");
    return h("div.line", {}, picture(name), h("span", {}, h("span", {}, name), h("small", {}, detail)));
  });
}

function steps(step, t) {
  const names = [1, 2, 3, 4].map((n) => t(`step_${n}`));
  const items = names.map((name, n) => h(`li${n < step ? ".past" : ""}`, { "aria-current": n + 1 === step && "step" }, name));
  return h("ol.steps", { "aria-label": t("step_of", { n: step }) }, items);
}

function orders(data, tools) {
  const { t, say } = tools;
  return data.items.map((row) => {
    const ask = () => say(t("this_order_text", { id: row.order_id }), { order_id: row.order_id });
    const label = `${t("this_order")} ${row.order_id}`;
    return h(
      "div.choice",
      {},
      lines(row, tools),
      h("div.foot", {}, h("span.state", {}, row.state_label), h("b.num", {}, money(row.paid))),
      h("button.quiet", { type: "button", "aria-label": label, onclick: ask }, t("this_order")),
    );
  });
}

function stockWord(stock, t) {
  if (stock === 0) return h("span.state.wait", {}, t("no_stock"));
  return h("span.state", {}, stock < 6 ? t("few_left", { n: stock }) : t("in_stock"));
}

function products(data, { t, say }) {
  return data.items.map((item) => {
    const { name } = item;
    const ask = () => say(t("this_product_text", { name }));
    const price = h("b.num", {}, t("price_from", { price: money(item.price_from) }));
    return h(
      "div.choice",
      {},
      h("div.line", {}, picture(name), h("span", {}, h("span", {}, name), h("small", {}, item.why))),
      h("p.state", {}, item.attributes.join(" · ")),
      h("div.foot", {}, price, stockWord(item.stock, t)),
      h("button.quiet", { type: "button", "aria-label": `${t("this_product")} ${name}`, onclick: ask }, t("this_product")),
    );
  });
}

function comparison(data, { t }) {
  const names = data.columns.map((name) => h("th", { scope: "col" }, name));
  const rows = data.rows.map((row) =>
    h(
      row.differs ? "tr.differs" : "tr",
      {},
      h("th", { scope: "row" }, row.label, row.differs && h("span.sr", {}, ` (${t("differs")})`)),
      row.values.map((value) => h("td", {}, value)),
    ),
  );
  return table(h("tr", {}, h("td"), names), rows, t("comparison"));
}

function size(data, { t }) {
  const columns = data.columns.map((name) => h("th", { scope: "col" }, name));
  const rows = data.rows.map((row) =>
    h(
      row.recommended ? "tr.chosen" : "tr",
      {},
      h("th", { scope: "row" }, row.size, row.recommended && h("span.tag", {}, t("recommended"))),
      row.values.map((value) => h("td.num", {}, value)),
    ),
  );
  const head = h("tr", {}, h("th", { scope: "col" }, t("size_col")), columns);
  return [h("p", {}, data.why), table(head, rows, t("size"))];
}

/** A wide table scrolls sideways by itself and can be reached by keyboard. */
function table(head, rows, label) {
  const scroller = { tabindex: "0", role: "region", "aria-label": label };
  return h("div.wide", scroller, h("table", {}, h("thead", {}, head), h("tbody", {}, rows)));
}

function caseCard(data, { t, lang }) {
  return pairs([
    [t("case"), [data.kind_label, h("small.num", {}, ` ${data.ticket_id}`)]],
    [t("next_step"), data.next_step],
    [t("by_when"), data.by_when && moment(data.by_when, lang)],
  ]);
}

function parcel(data, { t, lang }) {
  const scans = data.scans.map((scan) =>
    h("li", {}, h("time", { datetime: scan.at }, moment(scan.at, lang)), `${scan.place} ${scan.text}`),
  );
  return [pairs([[data.carrier, h("span.num", {}, data.waybill)]]), h("ol.scans", {}, scans)];
}

const STATES = {
  waiting: ["wait", "proposal"],
  yes: ["good", "answered_yes"],
  no: ["wait", "answered_no"],
  expired: ["wait", "expired"],
};

export function proposal({ entry, state }, tools) {
  const [meaning, word] = STATES[state];
  const waits = state === "waiting";
  return fold(waits, entry.title, badge(meaning, tools.t(word)), [terms(entry, tools), waits && choice(entry, tools)]);
}

/** A meaning with its icon and word, never colour alone. */
export function badge(meaning, word) {
  return h(`span.badge.${meaning}`, {}, icon(meaning), word);
}

function terms(entry, { t, lang, cite }) {
  const amount = entry.amount === null || entry.amount === undefined ? null : h("b.num.amount", {}, money(entry.amount));
  const basis = entry.clauses.map((ref, n) => {
    const label = t("mark", { n: n + 1, title: ref });
    return h("button.mark", { type: "button", "aria-label": label, onclick: () => cite(ref) }, String(n + 1));
  });
  return [
    pairs([
      [t("amount"), amount],
      ...entry.terms.map(({ label, value }) => [label, value]),
      [t("basis"), basis.length ? basis : null],
    ]),
    entry.needs_agent && h("p.hint", {}, icon("person"), t("needs_agent")),
    h("p.hint", {}, icon("wait"), t("expires", { at: moment(entry.expires_at, lang) })),
  ];
}

function choice(entry, { t, answer, answering }) {
  const under = answering(entry.proposal_id);
  const sending = under?.state === "sending";
  const button = (word, value) =>
    h("button", { type: "button", disabled: sending, onclick: () => answer(entry.proposal_id, value) }, t(word));
  return [
    under?.state === "failed" && h("p.trouble", { role: "alert" }, icon("risk"), under.text || t("failed")),
    sending
      ? h("p.hint", { role: "status" }, t("answering"))
      : h("div.choices", { role: "group", "aria-label": entry.title }, button("confirm", "yes"), button("not_now", "no")),
  ];
}

const ACTED = { done: "good", unknown: "wait", refused: "risk" };

export function receipt({ entry, proposed }, { t }) {
  const amount = entry.amount ? h("b.num", {}, money(entry.amount)) : null;
  const number = entry.receipt ? h("span.num", {}, entry.receipt) : null;
  const rows = entry.terms.map(({ label, value }) => [label, value]);
  const state = badge(ACTED[entry.state], t(`acted_${entry.state}`));
  return fold(true, proposed?.title ?? t("receipt"), state, pairs([[t("amount"), amount], ...rows, [t("receipt_no"), number]]));
}
