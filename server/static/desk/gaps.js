// What the shop's texts lack: questions without a sure answer with drafts to write, clauses that answer and that never do, and
// what people hold to be out of date. For supervisors; anybody who serves customers marks a quotation as out of date.

import { clausePath } from "/widget/session.js";
import { date, h, icon } from "/widget/dom.js";

const DAYS = [7, 30, 90];
const NEVER_SHOWN = 12;

export class Gaps {
  #node = h("section", { id: "gaps", tabindex: "-1", "aria-labelledby": "gaps-title", hidden: true });
  #button = h("button.link", { type: "button", "aria-pressed": "false", hidden: true });
  #tools;
  #days = 30;
  #hidden = [];
  #found = null;

  constructor(main, before, tools) {
    this.#tools = tools;
    main.append(this.#node);
    before.before(this.#button);
    main.addEventListener("panel", (event) => event.detail === this || this.close());
    this.#button.addEventListener("click", () => (this.#node.hidden ? this.open() : this.close()));
  }

  /** The entry in the head of the page: supervisors see it. */
  offer(role) {
    this.#button.hidden = role !== "supervisor";
    this.word();
  }

  word() {
    this.#button.textContent = this.#tools.t("gaps");
    if (!this.#node.hidden) this.#load();
  }

  async open() {
    this.#node.parentNode.dispatchEvent(new CustomEvent("panel", { detail: this }));
    this.#hidden = [...this.#node.parentNode.children].filter((node) => node !== this.#node && !node.hidden);
    for (const node of this.#hidden) node.hidden = true;
    this.#node.hidden = false;
    this.#button.setAttribute("aria-pressed", "true");
    await this.#load();
    this.#node.focus();
  }

  close() {
    if (this.#node.hidden) return;
    this.#node.hidden = true;
    for (const node of this.#hidden) node.hidden = false;
    this.#button.setAttribute("aria-pressed", "false");
  }

  async #load() {
    const { api, t } = this.#tools;
    if (!this.#found) this.#node.replaceChildren(h("p.hint", { role: "status" }, t("gaps_reading")));
    try {
      this.#found = await api.json("GET", `/v1/desk/gaps?days=${this.#days}`);
      this.#draw(this.#found);
    } catch (error) {
      this.#node.replaceChildren(h("p.problem", { role: "alert" }, t("failed", { text: error.message })));
    }
  }

  #draw(found) {
    const { t } = this.#tools;
    const head = h("h2", { id: "gaps-title" }, t(found.unanswered ? "gaps_title" : "gaps_title_none", { n: found.unanswered, m: found.gaps.length }));
    const choice = DAYS.map((days) => h("button.pill", { type: "button", "aria-pressed": String(days === this.#days), onclick: () => this.#choose(days) }, t("gaps_days", { n: days })));
    const back = h("button.quiet", { type: "button", onclick: () => this.close() }, t("gaps_back"));
    this.#node.replaceChildren(
      h("header.bar", {}, head, h("span.choices", { role: "group", "aria-label": t("gaps_window") }, choice, back)),
      h("p.hint", {}, t("gaps_masked")),
      h("div.gaps", {}, h("div", {}, this.#gaps(found.gaps)), h("div", {}, this.#stale(found.stale), this.#most(found.most_cited), this.#never(found))),
    );
  }

  #choose(days) {
    this.#days = days;
    this.#load();
  }

  #gaps(gaps) {
    const { t } = this.#tools;
    return gaps.length ? gaps.map((gap) => this.#gap(gap)) : h("p.hint", {}, t("gaps_none"));
  }

  #gap(gap) {
    const { t, lang } = this.#tools;
    const reasons = Object.entries(gap.reasons).map(([reason, n]) => h("span.state.wait", {}, icon("wait"), `${t(`gap_${reason}`)} ${n}`));
    const last = h("small", {}, t("gap_last", { n: gap.conversations, date: date(gap.last_at, lang()) }));
    const asked = gap.questions.map((one) => h("li", {}, one.text, one.times > 1 ? h("small", {}, ` × ${one.times}`) : null));
    const near = gap.nearest.map((one) => h("li", {}, this.#clause(one, one.score.toFixed(2))));
    return h(
      "details.gap",
      {},
      h("summary", {}, h("b.num", {}, `${gap.times} ×`), h("span.words", { lang: gap.lang }, gap.question), icon("down"), h("span.tags", {}, reasons, last)),
      h("h3", {}, t("gap_asked")),
      h("ul.asked", { lang: gap.lang }, asked),
      near.length ? [h("h3", {}, t("gap_nearest")), h("ul", {}, near)] : null,
      this.#draft(gap),
    );
  }

  /** The start of a policy file, to copy or to keep as a file. */
  #draft({ draft, lang }) {
    const { t } = this.#tools;
    const said = h("span.hint", { role: "status" });
    const copy = async () => {
      await navigator.clipboard.writeText(draft.text);
      said.textContent = t("gap_copied");
    };
    const keep = () => {
      const file = URL.createObjectURL(new Blob([draft.text], { type: "text/markdown" }));
      h("a", { href: file, download: draft.file }).click();
      setTimeout(() => URL.revokeObjectURL(file), 1000);
    };
    return [
      h("h3", {}, t("gap_draft")),
      h("pre", { lang, tabindex: "0", "aria-label": t("gap_draft") }, draft.text),
      h("div.foot", {}, h("span", {}, h("button", { type: "button", onclick: copy }, t("gap_copy")), " ", h("button", { type: "button", onclick: keep }, t("gap_keep", { file: draft.file }))), said),
    ];
  }

  #stale(reports) {
    const { t, lang } = this.#tools;
    const items = reports.map((one) => {
      const ended = one.in_force ? null : h("span.state.good", {}, icon("good"), t("stale_ended"));
      const close = h("button", { type: "button", onclick: () => this.#closeReport(one, close) }, t("stale_close"));
      const who = h("small", {}, `${one.agent} · ${date(one.at, lang())}`);
      return h("li.stale", {}, this.#clause(one, one.ref.split("@")[1].split("#")[0]), h("p", {}, one.reason), h("div.foot", {}, who, ended, close));
    });
    return panel(t("stale_title", { n: reports.length }), items.length ? h("ul", {}, items) : h("p.hint", {}, t("stale_none")), true);
  }

  async #closeReport(report, button) {
    button.disabled = true;
    await this.#tools.api.json("POST", `/v1/desk/clause-reports/${report.id}/close`, {}).catch(() => null);
    await this.#load();
  }

  #most(rows) {
    const { t } = this.#tools;
    const top = rows[0]?.times ?? 1;
    const items = rows.map((one) => h("li.use", {}, h("b.num", {}, String(one.times)), h("meter", { min: "0", max: String(top), value: String(one.times), "aria-hidden": "true" }), this.#clause(one, one.in_force ? "" : t("stale_ended"))));
    return panel(t("gaps_most"), items.length ? h("ol", {}, items) : h("p.hint", {}, t("gaps_most_none")), true);
  }

  #never(found) {
    const { t } = this.#tools;
    const items = found.never_cited.slice(0, NEVER_SHOWN).map((one) => h("li", {}, this.#clause(one)));
    return panel(t("gaps_never", { n: found.never_total, m: found.in_force_total }), h("ul", {}, items), false);
  }

  /** A clause by its title, opening to its words. */
  #clause(one, more = "") {
    const { api, t, lang } = this.#tools;
    const name = [one.title, ...one.heading.slice(-1)].join(" › ");
    const body = h("blockquote", {});
    const node = h("details.clause", {}, h("summary", {}, name, more ? h("small.num", {}, ` ${more}`) : null), body);
    node.addEventListener("toggle", async () => {
      if (!node.open || body.firstChild) return;
      const clause = await api.json("GET", clausePath(one.ref, lang())).catch((error) => error);
      if (clause instanceof Error) body.replaceChildren(t("failed", { text: clause.message }));
      else body.replaceChildren(clause.text, h("small", {}, ` ${clause.ref} · ${t(`status_${clause.status}`)}`));
    });
    return node;
  }
}

function panel(title, body, open) {
  return h("details.block", { open }, h("summary", {}, title, icon("down")), body);
}

/** Below a quotation: say that it is out of date, and why. Nothing that is answered or decided changes by it. */
export function markStale(citation, conversation, { api, t }) {
  const said = h("p.hint", { role: "status" });
  const reason = h("input", { name: "reason", required: true, maxlength: "500", "aria-label": t("stale_why"), placeholder: t("stale_why") });
  const send = h("button", {}, t("stale_send"));
  const submit = async (event) => {
    event.preventDefault();
    send.disabled = true;
    const body = { clause: citation.clause, reason: reason.value.trim(), conversation_id: conversation };
    const answer = await api.json("POST", "/v1/desk/clause-reports", body).catch((error) => error);
    send.disabled = false;
    if (answer instanceof Error) return (said.textContent = t("failed", { text: answer.message }));
    said.textContent = t("stale_said");
    node.open = false;
  };
  const node = h("details.mark-stale", {}, h("summary", {}, icon("risk"), t("stale_mark")), h("form", { onsubmit: submit }, reason, send));
  return h("div", {}, node, said);
}
