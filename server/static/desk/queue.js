// The queue: who waits, since when, for what. Waiting turns to a warning at two thresholds, in words and colour.

import { h, icon, minutes, money } from "/widget/dom.js";

const WAIT_MIN = 1;
const RISK_MIN = 3;
const FILTERS = ["all", "waiting", "mine", "risk"];

export class Queue {
  #node;
  #tools;
  #rows = [];
  #filter = "all";
  #open = null;
  #waiting = 0;
  #tab = "talks";
  mine = "";
  role = "agent";
  approvals = [];
  effects = [];

  constructor(node, tools) {
    this.#node = node;
    this.#tools = tools;
    setInterval(() => this.draw(), 30000);
  }

  async load() {
    this.#rows = await this.#tools.api.json("GET", "/v1/desk/conversations?state=all");
    const waiting = this.#rows.filter((row) => row.owner === "queue").length;
    if (waiting > this.#waiting) this.#tools.alert("new_waiting");
    this.#waiting = waiting;
    this.approvals = await this.#tools.api.json("GET", "/v1/desk/approvals?state=awaiting");
    this.effects = this.role === "legal" ? [] : await this.#tools.api.json("GET", "/v1/desk/effects?look_up=false");
    this.draw();
  }

  follow() {
    let timer = 0;
    this.#tools.api.stream("/v1/desk/events", () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.load().catch(() => null), 200);
    });
  }

  mark(id) {
    this.#open = id;
    this.draw();
  }

  move(step) {
    const rows = this.#shown();
    const at = rows.findIndex((row) => row.id === this.#open);
    const next = rows[Math.min(rows.length - 1, Math.max(0, at + step))];
    if (next) this.#tools.choose(next.id);
  }

  #shown() {
    const keep = {
      all: () => true,
      waiting: (row) => row.owner === "queue",
      mine: (row) => row.agent === this.mine,
      risk: (row) => row.risks.length > 0 || row.escalated || row.case_overdue || row.case_alert > 0,
    }[this.#filter];
    return this.#rows.filter(keep);
  }

  draw() {
    const { t } = this.#tools;
    const counts = { talks: this.#rows.length, approvals: this.approvals.length, effects: this.effects.length };
    const tabs = Object.entries(counts).map(([name, n]) =>
      h("button.pill", { type: "button", "aria-pressed": String(name === this.#tab), onclick: () => this.#turn(name) }, t(`tab_${name}`, { n: n || "" })),
    );
    this.#node.querySelector(".tabs").replaceChildren(...tabs);
    this.#node.querySelector(".filters").hidden = this.#tab !== "talks";
    if (this.#tab === "talks") this.#drawTalks();
    else this.#drawMoney(this.#tab);
  }

  #turn(tab) {
    this.#tab = tab;
    this.draw();
  }

  /** Requests or unknown effects; choosing one opens its conversation with the request in the sidebar. */
  #drawMoney(tab) {
    const { t, choose } = this.#tools;
    const items = this[tab].map((row) => {
      const who = tab === "approvals" ? row.missing.map((role) => t(role)).join(t("and")) : t("unknown");
      const level = tab === "approvals" ? ".wait" : ".risk";
      const amount = row.amount === null ? "" : money(row.amount);
      const button = h(
        `button.row${row.conversation_id === this.#open ? ".current" : ""}`,
        { type: "button", onclick: () => choose(row.conversation_id) },
        h("span.head", {}, h("b", {}, amount), h(`span.state${level}`, {}, icon(level.slice(1)), who)),
        h("span.last", {}, row.title),
        h("small", {}, row.customer_name),
      );
      return h("li", {}, button);
    });
    this.#node.querySelector("ul").replaceChildren(...(items.length ? items : [h("li.hint", {}, t(`no_${tab}`))]));
  }

  #drawTalks() {
    const { t } = this.#tools;
    const filters = FILTERS.map((name) =>
      h("button.pill", { type: "button", "aria-pressed": String(name === this.#filter), onclick: () => this.#choose(name) }, t(`filter_${name}`)),
    );
    this.#node.querySelector(".filters").replaceChildren(...filters);
    const rows = this.#shown();
    const items = rows.length ? rows.map((row) => this.#row(row)) : [h("li.hint", {}, t("empty"))];
    this.#node.querySelector("ul").replaceChildren(...items);
  }

  #choose(name) {
    this.#filter = name;
    this.draw();
  }

  /** How much of the limit of the customer's case has passed, or that it is over. */
  #late(row) {
    const { t } = this.#tools;
    if (row.case_overdue) return h("span.state.risk", {}, icon("risk"), t("queue_overdue"));
    return row.case_alert ? h("span.state.wait", {}, icon("wait"), t("queue_alert", { n: row.case_alert })) : null;
  }

  #row(row) {
    const { t, choose } = this.#tools;
    const waited = row.waiting_since ? minutes(row.waiting_since, Date.now()) : null;
    const level = waited === null ? "" : waited >= RISK_MIN ? ".risk" : waited >= WAIT_MIN ? ".wait" : "";
    const owner = t(`owner_${row.owner}`, { name: row.agent ?? "" });
    const button = h(
      `button.row${row.id === this.#open ? ".current" : ""}`,
      { type: "button", "aria-current": row.id === this.#open && "true", onclick: () => choose(row.id) },
      h("span.head", {}, h("b", {}, row.customer_name), waited === null ? null : h(`span.state${level}`, {}, icon(level === ".risk" ? "risk" : "wait"), t("waiting", { n: waited }))),
      h("span.last", {}, row.last_text),
      h("span.tags", {}, row.escalated ? h("span.state.risk", {}, icon("risk"), t("escalated")) : null, this.#late(row), row.risks.map((risk) => h("span.state.risk", {}, icon("risk"), t(`risk_${risk}`))), row.intents.slice(0, 2).map((intent) => h("span.state", {}, intent.label))),
      h("small", {}, owner, row.transfer_to ? ` · ${t("offered_to", { name: row.transfer_to })}` : ""),
    );
    return h("li", {}, button);
  }
}
