// The list of messages: the log's items, what is still on its way, and what is happening right now.

import { clock, date, h, icon, markdown, moment, money, pick, reconcile } from "./dom.js";
import { clausePath } from "./session.js";

const NEAR_END_PX = 80;

/** Scrolls with the talk only while the reader is at its end. */
export class Messages {
  #tools;
  #log;
  #hours;
  #live = h("div.live", {});
  #status = h("p.sr", { role: "status" });

  constructor(tools) {
    this.#tools = tools;
    this.#log = h("div.log", { role: "log", "aria-live": "polite", "aria-relevant": "additions" });
    this.node = h("div.scroller", { tabindex: "0", role: "region" }, this.#log, this.#live, this.#status);
  }

  draw(session, greeting, now) {
    this.#hours = session.shop?.hours;
    const { t, lang } = this.#tools;
    const follow = this.#atEnd;
    this.node.setAttribute("aria-label", t("messages"));
    const hello = greeting ? [{ key: "hello", sign: greeting, kind: "hello", speaker: "assistant", first: true, text: greeting }] : [];
    const items = [...hello, ...session.log.items, ...session.outbox.map((message) => this.#waiting(message))];
    for (const item of items) item.sign += `|${lang}|${JSON.stringify(session.answering.get(item.entry?.proposal_id)) ?? ""}`;
    reconcile(this.#log, items, (item) => this.#row(item));
    this.#drawLive(session, now);
    if (follow) this.toEnd();
  }

  toEnd() {
    this.node.scrollTop = this.node.scrollHeight;
  }

  get #atEnd() {
    return this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight < NEAR_END_PX;
  }

  #waiting(message) {
    const item = { key: `c${message.client_id}`, kind: "asked", speaker: "customer", first: true, message };
    return { ...item, sign: `out|${message.state}`, entry: message, at: message.at };
  }

  #row(item) {
    const { t, lang } = this.#tools;
    const name = { customer: t("you"), assistant: t("assistant"), agent: item.entry?.agent || t("agent") }[item.speaker];
    const divider = item.divider && item.at ? h("time.divider", { datetime: item.at }, moment(item.at, lang, new Date())) : null;
    const who = item.first && name ? h(`span.who${item.speaker === "customer" ? ".sr" : ""}`, {}, name) : null;
    const stamp = item.at && item.speaker !== "note" ? h("time.sr", { datetime: item.at }, clock(item.at, lang)) : null;
    return h(`div.row.${item.speaker}${item.first ? ".first" : ""}`, {}, divider, who, this.#body(item), stamp);
  }

  #body(item) {
    const { t, lang } = this.#tools;
    const { entry } = item;
    switch (item.kind) {
      case "hello":
        return h("div.bubble", { lang: tag(lang) }, markdown(item.text));
      case "asked":
        return [h("div.bubble", {}, markdown(entry.text)), this.#delivery(item.message)];
      case "attached":
        return this.#file(entry);
      case "agent_said":
        return h("div.bubble", {}, markdown(entry.text));
      case "said":
        return this.#said(item);
      case "proposed":
        return proposal(item, this.#tools);
      case "acted":
        return receipt(item, this.#tools);
      case "failed":
        return this.trouble(entry.text || t("failed"), item.asked);
      default:
        return h("p.note", {}, this.#note(entry));
    }
  }

  #said({ entry, citations, spent }) {
    const { t, quote } = this.#tools;
    const mark = (number) => {
      const citation = citations.get(number);
      if (!citation) return null;
      const label = t("mark", { n: number, title: citation.title });
      return h("button.mark", { type: "button", "aria-label": label, onclick: () => quote(citation) }, String(number));
    };
    const cards = (entry.cards ?? []).map((given) => card(given, this.#tools, spent));
    return [entry.text ? h("div.bubble", {}, markdown(entry.text, mark)) : null, cards];
  }

  #file({ file_id, media_type, name }) {
    const picture = media_type.startsWith("image/") && h("img", { alt: name });
    if (picture) this.#tools.show(file_id, picture);
    return picture || h("div.bubble", {}, icon("clip"), name);
  }

  #delivery(message) {
    if (!message) return null;
    const { t, retry } = this.#tools;
    if (message.state !== "failed") return h("small.delivery", {}, t("sending"));
    const again = h("button.link", { type: "button", onclick: () => retry(message.client_id) }, t("retry"));
    return h("small.delivery.risk", { role: "alert" }, icon("risk"), message.problem || t("unsent"), again);
  }

  trouble(text, asked) {
    const { t, repeat } = this.#tools;
    const again = asked && h("button.quiet", { type: "button", onclick: () => repeat(asked) }, t("retry"));
    return h("div.trouble", { role: "alert" }, icon("risk"), h("span", {}, text), again, again && h("small", {}, t("retry_note")));
  }

  #note(entry) {
    const { t, lang } = this.#tools;
    if (entry.kind === "handed_off") return this.#hours ? `${t("queued")}\n${pick(this.#hours, lang)}` : t("queued");
    if (entry.kind === "taken_over") return t("joined", { name: entry.agent });
    if (entry.kind === "given_back") return t("given_back");
    return entry.kind === "rated" ? t("rated", { n: entry.score }) : t("ended");
  }

  /** Partial text, dots, and after three seconds words: what takes so long. */
  #drawLive({ log, saying, fault, link }, now) {
    const { t } = this.#tools;
    const open = log.open;
    const waited = open ? now - (this.#since(open) ?? now) : 0;
    const slow = waited > 10000 ? "slower" : "slow";
    const words = !open || fault ? "" : waited > 3000 && !saying ? t(slow) : t("typing");
    if (this.#status.textContent !== words) this.#status.textContent = words;
    const dots = h("span.dots", {}, h("i"), h("i"), h("i"));
    const partial = saying ? h("div.bubble", {}, markdown(saying)) : h("div.bubble.typing", {}, dots, waited > 3000 ? h("small", {}, words) : null);
    const sign = `${open?.seq}|${saying}|${words}|${fault?.text}|${link}`;
    if (this.#live.sign === sign) return;
    this.#live.sign = sign;
    const shown = fault ? this.trouble(fault.text || t("failed"), open) : open && partial;
    this.#live.replaceChildren(shown ? h("div.row.assistant.first", fault ? {} : { "aria-hidden": "true" }, shown) : "");
  }

  /** When this browser first saw that the message waits: the server's clock may not be ours. */
  #since({ seq }) {
    if (this.#live.seq !== seq) Object.assign(this.#live, { seq, since: performance.now() });
    return this.#live.since;
  }
}

const tag = (lang) => (lang === "zh" ? "zh-CN" : "en");

// Cards: each takes its data, in the customer's language already, and the tools {t, lang, say}.


const BODIES = { order, orders, products, comparison, size, case: caseCard, parcel };

/** A card that folds to one line; `spent` cards start folded and stay as a receipt. */
export function card({ kind, title, data }, tools, spent) {
  const folds = spent && ["orders", "products"].includes(kind);
  return fold(!folds, title || tools.t(kind), data.state_label && h("span.state", {}, data.state_label), BODIES[kind](data, tools, spent));
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

/** A wide table scrolls by itself, by keyboard too. */
function table(head, rows, label) {
  const scroller = { tabindex: "0", role: "region", "aria-label": label };
  return h("div.wide", scroller, h("table", {}, h("thead", {}, head), h("tbody", {}, rows)));
}

/** Where a case stands, and what its customer may do. */
function caseCard(data, tools, spent) {
  const { t, lang } = tools;
  const history = (data.history ?? []).map(({ at, label }) => h("li", {}, h("time", { datetime: at }, moment(at, lang)), label));
  return [
    pairs([
      [t("case"), h("span.num", {}, data.ticket_id)],
      [t("party"), data.party],
      [t("next_step"), data.next_step],
      [t("by_when"), data.by_when && moment(data.by_when, lang)],
      [t("missing"), data.missing?.join(lang === "zh" ? "、" : "; ")],
    ]),
    history.length > 0 && fold(false, t("history"), null, h("ol.scans", {}, history)),
    !spent && tools.move && data.can?.length > 0 && moves(data, tools),
  ];
}

function moves({ ticket_id, can = [] }, { t, move, attach }) {
  const button = (word, onclick) => h("button.quiet", { type: onclick ? "button" : "submit", onclick }, t(word));
  const form = (event, name, limits) => {
    const field = h("input", { required: true, ...limits, placeholder: t(name), "aria-label": t(name) });
    const onsubmit = (submitted) => {
      submitted.preventDefault();
      move(ticket_id, { event, [name]: field.value });
    };
    return can.includes(event) && h("form", { onsubmit }, field, button(event));
  };
  return h(
    "div.moves",
    {},
    form("ship_return", "waybill", { pattern: "[A-Za-z0-9\\-]{5,40}" }),
    form("appeal", "why", { maxlength: "500" }),
    button("attach", () => attach(ticket_id)),
    can.filter((event) => MOVES.includes(event)).map((event) => button(event, () => move(ticket_id, { event }))),
  );
}

const MOVES = ["withdraw", "ask_platform", "accept_offer", "decline_offer", "reopen"];

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

// The words a statement rests on: the exact quote in its paragraph, with version and time in force.
const MEANING = { in_force: "good", announced: "wait", draft: "wait", contested: "wait", history: "risk" };

/** Open a dialog on `host` for a citation, or for a clause reference alone ({clause}). Esc and the button close it. */
export function showQuote(host, citation, { t, lang, api }) {
  const close = h("button.icon-button", { type: "button", "aria-label": t("close") }, icon("close"));
  const body = h("div.body", { tabindex: "0", role: "document" });
  const title = h("h2", { id: "quote-title" }, citation.title ?? t("quote"));
  const dialog = h("dialog.quote", { "aria-labelledby": "quote-title" }, h("div.head", {}, title, close), body);
  const back = host.getRootNode().activeElement;
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    back?.focus();
  });
  body.append(...content(citation, null, { t, lang }), h("p.hint", { role: "status" }, t("quote_loading")));
  host.append(dialog);
  dialog.showModal();
  api
    .json("GET", clausePath(citation.clause, lang))
    .then((clause) => {
      if (!citation.title) title.replaceChildren(clause.title);
      body.replaceChildren(...content(citation, clause, { t, lang }));
    })
    .catch(() => body.lastChild.replaceChildren(t("quote_missing")));
}

export function content(citation, clause, { t, lang }) {
  const about = { ...citation, ...clause, text: undefined };
  const status = about.status ?? "in_force";
  const policy = citation.policy ?? citation.clause.split("#")[0];
  const level = about.level && h("span", {}, t(`level_${about.level}`));
  return [
    h("p.meta", {}, clause || citation.title ? badge(MEANING[status], t(`status_${status}`)) : null, level || null),
    paragraph(citation.text, clause),
    pairs([
      [t("version"), clause?.version ?? policy.split("@")[1]],
      [t("in_force"), clause || citation.title ? window_(about, t, lang) : null],
      [t("source"), clause?.source],
    ]),
  ];
}

/** The paragraph with the quote marked where it stands; the quote alone until the paragraph is known. */
function paragraph(quote, clause) {
  const heading = [clause?.heading ?? []].flat().at(-1);
  const head = heading ? h("h3", {}, heading) : null;
  const at = quote && clause ? clause.text.indexOf(quote) : -1;
  if (!clause || (quote && at < 0)) return h("blockquote", {}, head, quote ? h("mark", {}, quote) : null);
  const { text } = clause;
  if (!quote) return h("blockquote", {}, head, text);
  return h("blockquote", {}, head, text.slice(0, at), h("mark", {}, quote), text.slice(at + quote.length));
}

function window_({ in_force_from: from, in_force_to: to }, t, lang) {
  const values = { from: from && date(from, lang), to: to && date(to, lang) };
  if (from && to) return t("from_until", values);
  if (from) return t("from", values);
  return to ? t("until", values) : t("open_ended");
}
