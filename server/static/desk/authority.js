// Money that needs people: drafting it, approving or refusing it, and effects nobody knows the end of.

import { h, icon, minutes, moment, money } from "/widget/dom.js";

const SOON_MIN = 120;

/** The person of a `role:name`. */
export const nameOf = (by) => by.split(":").slice(1).join(":") || by;

/** One form: its fields by name, one line for what went wrong, and a busy button while it is sent. */
export class Form {
  constructor({ t, send, changed }) {
    this.t = t;
    this.send = send;
    this.changed = changed;
    this.problem = h("p.problem", { role: "alert" });
  }

  async post(path, body, button) {
    this.problem.textContent = "";
    button.disabled = true;
    try {
      await this.send(path, body);
      await this.changed();
    } catch (error) {
      this.problem.textContent = this.t("failed", { text: error.message });
      button.disabled = false;
    }
  }
}

function field(label, input) {
  return h("label.field", {}, h("span", {}, label), input);
}

let clauses = 0;

/** A field for a clause: who writes words into it is offered the clauses that fit, by their titles. */
export function clauseInput(api, more = {}) {
  const list = h("datalist", { id: `clauses-${(clauses += 1)}` });
  const input = h("input", { maxlength: "200", placeholder: "law/…@…#…", list: list.id, autocomplete: "off", ...more });
  let timer = 0;
  const look = async () => {
    const asked = input.value.trim();
    if (!asked || asked.includes("@")) return;
    const hits = await api.json("GET", `/v1/desk/search?q=${encodeURIComponent(asked)}`).catch(() => []);
    list.replaceChildren(...hits.map(({ clause }) => h("option", { value: clause.ref }, `${asked} · ${clause.title} / ${clause.heading.at(-1)}`)));
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, 300);
  });
  return [input, list];
}

/** What stays in words: roles and levels, also of a level made of two. */
export function levelWords(t, level) {
  return level.split("+").map((role) => t(role)).join(t("and"));
}

/** A request with what it rests on; with buttons for whoever may sign it. */
export function approval(request, { t, lang, send, changed, source, api }) {
  const left = minutes(new Date().toISOString(), request.expires_at);
  const waits = request.state === "awaiting";
  const clock = waits ? h(`span.state${left < SOON_MIN ? ".risk" : ".wait"}`, {}, icon("wait"), t("time_left", { n: left < SOON_MIN ? t("n_minutes", { n: left }) : t("n_hours", { n: Math.floor(left / 60) }) })) : h("span.state", {}, t(`request_${request.state}`));
  const facts = [
    [t("amount"), request.amount === null ? "—" : money(request.amount)],
    [t("why"), request.reason || t("by_table")],
    [t("drafted_by"), request.drafted_by === "assistant" ? t("assistant") : nameOf(request.drafted_by)],
    [t("needs"), waits && request.missing.length ? request.missing.map((role) => t(role)).join(t("and")) : levelWords(t, request.level)],
  ];
  const signed = request.signatures.map((one) => h("li", {}, icon(one.verdict === "approve" ? "good" : "risk"), ` ${t(`verdict_${one.verdict}`, { name: one.name, role: t(one.role) })}`, one.reason ? ` · ${one.reason}` : "", h("small", {}, moment(one.at, lang))));
  return h(
    "article.request",
    {},
    h("p.head", {}, h("b", {}, request.title), clock),
    h("dl", {}, facts.map(([label, value]) => h("div", {}, h("dt", {}, label), h("dd", {}, value)))),
    request.decisions.map((decision) => why(decision, { t, source })),
    signed.length ? h("ul", {}, signed) : null,
    waits ? (request.may_sign ? verdict(request, { t, send, changed, api }) : h("p.hint", {}, t("not_yours"))) : null,
  );
}

/** A decision: its row and code, the clauses in their words, the facts it read. */
export function why(decision, { t, source, open = decision.table === "DT-20" }) {
  const quotes = decision.clauses.map((clause) => h("li", {}, source(clause.ref, clause.title), h("blockquote", {}, clause.text)));
  const facts = decision.facts.map((fact) => h("div", {}, h("dt", {}, fact.label), h("dd", {}, shown(fact, t))));
  return h(
    "details.why",
    { open },
    h("summary", {}, `${decision.title} · ${decision.says}${decision.amount === null ? "" : ` ${money(decision.amount)}`}`),
    h("small", {}, [decision.formula, `${decision.table} ${decision.row} ${decision.code}`].filter(Boolean).join(" · ")),
    h("ul", {}, quotes),
    facts.length ? h("details", {}, h("summary", {}, t("facts_read", { n: facts.length })), h("dl.facts", {}, facts)) : null,
  );
}

const MONEY = new Set(["amount", "paid", "dispute_amount", "customer_sum_90d", "same_cause_sum"]);

function shown(fact, t) {
  if (typeof fact.value === "boolean") return t(fact.value ? "yes" : "no");
  if (MONEY.has(fact.name) && Number.isInteger(fact.value)) return money(fact.value);
  return String(fact.value ?? "—");
}

function verdict(request, { t, send, changed, api }) {
  const form = new Form({ t, send, changed });
  const reason = h("textarea", { rows: "2", maxlength: "1000" });
  const [rule, clauses] = clauseInput(api);
  const appeal = h("input", { maxlength: "1000" });
  const path = `/v1/desk/approvals/${request.proposal_id}`;
  const body = (said) => ({ verdict: said, reason: reason.value.trim(), rule: rule.value.trim(), appeal: appeal.value.trim() });
  const statutory = request.statutory ? [h("small", {}, t("statutory_note")), field(t("rule"), rule), clauses, field(t("appeal"), appeal)] : null;
  return h(
    "form",
    { onsubmit: (event) => event.preventDefault() },
    field(t("reason"), reason),
    statutory,
    h(
      "div.foot",
      {},
      h("button.primary", { type: "button", onclick: (event) => form.post(path, body("approve"), event.target) }, t("approve")),
      h("button", { type: "button", onclick: (event) => form.post(path, body("refuse"), event.target) }, t("refuse")),
    ),
    form.problem,
  );
}

/** An effect nobody knows the end of, and what one can put down about it. */
export function effect(row, { t, lang, send, changed, look }) {
  const says = h("p", { role: "status" }, t(`shop_says_${row.shop_says}`, { reference: row.reference ?? "" }));
  const ask = async () => {
    const now = (await look()).find((one) => one.permit_id === row.permit_id);
    if (!now) return changed();
    says.textContent = t(`shop_says_${now.shop_says}`, { reference: now.reference ?? "" });
    if (now.reference && !reference.value) reference.value = now.reference;
  };
  const form = new Form({ t, send, changed });
  const reference = h("input", { maxlength: "100", value: row.reference ?? "" });
  const note = h("input", { maxlength: "1000" });
  const path = `/v1/desk/effects/${row.permit_id}`;
  const found = row.findings.map((one) => h("li", {}, `${one.name} (${t(one.role)}): ${t(`outcome_${one.outcome}`)} ${one.reference || one.note}`, h("small", {}, moment(one.at, lang))));
  return h(
    "article.request",
    {},
    h("p.head", {}, h("b", {}, `${row.title}${row.amount === null ? "" : ` ${money(row.amount)}`}`), h("span.state.risk", {}, icon("risk"), t("unknown"))),
    says,
    h("button.quiet", { type: "button", onclick: ask }, t("look_up")),
    h("small", {}, t("permit", { id: row.permit_id }), " · ", moment(row.permitted_at, lang)),
    row.needs_two ? h("p.hint", {}, t("two_people")) : null,
    found.length ? h("ul", {}, found) : null,
    h(
      "form",
      { onsubmit: (event) => event.preventDefault() },
      field(t("reference"), reference),
      h("button.primary", { type: "button", onclick: (event) => form.post(path, { outcome: "done", reference: reference.value.trim() }, event.target) }, t("it_happened")),
      field(t("how_known"), note),
      h("button", { type: "button", onclick: (event) => form.post(path, { outcome: "not_done", note: note.value.trim() }, event.target) }, t("it_did_not")),
      form.problem,
    ),
  );
}

/** A form with which the owner of a talk proposes money to the customer. */
export function draft(detail, { t, send, changed }) {
  const form = new Form({ t, send, changed });
  const action = h("select", {}, detail.may_draft.map((one) => h("option", { value: one.action }, one.label)));
  const order = h("select", {}, detail.orders.map((one) => h("option", { value: one.data.order_id, selected: one.data.order_id === detail.head.state.order_id }, `…${one.data.order_id.slice(-4)} ${one.title} ${money(one.data.paid)}`)));
  const amount = h("input", { type: "number", min: "0.01", step: "0.01", inputmode: "decimal" });
  const reason = h("input", { maxlength: "1000" });
  const fault = h("input", { type: "checkbox" });
  const sensitive = h("input", { type: "checkbox" });
  const id = `d-${crypto.randomUUID()}`;
  const submit = (event) => {
    event.preventDefault();
    const body = { client_id: id, action: action.value, order_id: order.value, amount: Math.round(Number(amount.value) * 100), reason: reason.value.trim(), fault_established: fault.checked, sensitive: sensitive.checked };
    form.post(`/v1/desk/conversations/${detail.head.id}/proposals`, body, event.submitter);
  };
  return h(
    "form",
    { onsubmit: submit },
    field(t("what"), action),
    field(t("which_order"), order),
    field(t("amount_yuan"), amount),
    field(t("why"), reason),
    h("label.tick", {}, fault, t("fault_established")),
    h("label.tick", {}, sensitive, t("sensitive")),
    h("div.foot", {}, h("small.hint", {}, t("draft_hint")), h("button.primary", {}, t("propose"))),
    form.problem,
  );
}
