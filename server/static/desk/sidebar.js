// The sidebar, by urgency: risk, wishes, order, suggested replies, decisions, knowledge, summary, quality. Each block folds and
// remembers. Every rule shown links to its clause.

import { clausePath } from "/widget/session.js";
import { card } from "/widget/messages.js";
import { date, h, icon, markdown, pick } from "/widget/dom.js";
import { approval, draft, effect, why } from "./authority.js";
import { casesOf, waitingCases } from "./tickets.js";
import { words as cardWords } from "/widget/words.js";

const FOLDED = "xiaoer:desk-folded";

export class Sidebar {
  #node;
  #tools;
  #detail = null;
  #found = null;
  #asked = "";
  #score = null;

  #typing = false;

  constructor(node, tools) {
    this.#node = node;
    this.#tools = { ...tools, changed: () => ((this.#typing = false), tools.changed()) };
    node.addEventListener("input", (event) => {
      if (!event.target.closest(".search")) this.#typing = true;
    });
  }

  /** Insert the n-th suggestion. */
  take(n) {
    const suggestion = this.#detail?.suggestions[n];
    if (suggestion) this.#tools.insert(suggestion.text);
  }

  draw(detail) {
    const { t } = this.#tools;
    const same = detail?.head.id === this.#detail?.head.id;
    if (same && this.#typing) return; // a form half filled in is not taken from under the hands
    if (!same) this.#score = this.#found = null;
    this.#typing = false;
    this.#detail = detail;
    const title = h("h2.sr", { id: "sidebar-title" }, t("sidebar"));
    if (!detail) {
      this.#node.replaceChildren(title, waitingCases(this.#tools), this.#block("knowledge", this.#search()));
      return;
    }
    this.#node.replaceChildren(
      title,
      this.#block("risk", this.#risk(), detail.row.risks.length || detail.risk_notes.length),
      ...this.#authority(),
      this.#block("wants", this.#wants()),
      this.#block("order", this.#orders()),
      casesOf(detail.orders, this.#tools) ?? "",
      this.#block("suggestions", this.#suggestions()),
      this.#block("decisions", this.#decisions()),
      this.#block("knowledge", this.#search()),
      this.#block("summary", this.#summary()),
      this.#block("score", this.#quality()),
    );
  }

  #block(name, body, alarm) {
    const { t } = this.#tools;
    const folded = JSON.parse(localStorage.getItem(FOLDED) ?? "[]");
    const node = h(`details.block${alarm ? ".alarm" : ""}`, { open: !folded.includes(name) }, h("summary", {}, t(name), icon("down")), body);
    node.addEventListener("toggle", () => {
      const now = new Set(JSON.parse(localStorage.getItem(FOLDED) ?? "[]"));
      if (node.open) now.delete(name);
      else now.add(name);
      localStorage.setItem(FOLDED, JSON.stringify([...now]));
    });
    return node;
  }

  #risk() {
    const { t, lang } = this.#tools;
    const { row, risk_notes: notes } = this.#detail;
    const flags = row.risks.map((risk) => h("li", {}, h("span.state.risk", {}, icon("risk"), t(`risk_${risk}`))));
    const hints = notes.map((note) => h("li", {}, pick(note.text, lang()), h("small", {}, t("innocent", { text: pick(note.innocent, lang()) }))));
    return flags.length + hints.length ? h("ul", {}, flags, hints) : h("p.hint", {}, t("none"));
  }

  #wants() {
    const { t } = this.#tools;
    const { row } = this.#detail;
    const wishes = row.intents.map((intent) => h("span.state", {}, intent.label));
    const missing = this.#detail.missing ? h("p", {}, t("missing"), ": ", this.#detail.missing) : null;
    return [h("p.tags", {}, wishes.length ? wishes : t("nothing")), h("p", {}, t("mood"), ": ", t(row.mood)), missing];
  }

  /** What waits for people: requests for approval, effects nobody knows the end of, and one's own drafts. */
  #authority() {
    const { t, lang, post, changed, me, effects } = this.#tools;
    const { head, approvals, may_draft: actions, orders } = this.#detail;
    const look = () => this.#tools.api.json("GET", "/v1/desk/effects");
    const tools = { t, api: this.#tools.api, lang: lang(), send: post, changed, look, source: (ref, label) => this.#source(ref, label) };
    const open = effects().filter((row) => row.conversation_id === head.id);
    const waits = approvals.some((request) => request.state === "awaiting");
    const mine = head.owner === "agent" && head.agent === me() && !head.closed && actions.length && orders.length;
    return [
      open.length ? this.#block("effects", open.map((row) => effect(row, tools)), true) : null,
      approvals.length ? this.#block("approvals", approvals.map((request) => approval(request, tools)), waits) : null,
      mine ? this.#block("draft", draft(this.#detail, tools)) : null,
    ].filter(Boolean);
  }

  #orders() {
    const { t, lang } = this.#tools;
    const { orders, head } = this.#detail;
    const shown = orders.filter((order) => order.data.order_id === head.state.order_id);
    const cards = (shown.length ? shown : orders.slice(0, 2)).map((order) => card(order, { t: cardWords(lang()), lang: lang(), say: () => {} }));
    return cards.length ? cards : h("p.hint", {}, t("nothing"));
  }

  #suggestions() {
    const { t, insert } = this.#tools;
    const rows = this.#detail.suggestions.map((suggestion, n) => {
      const sources = suggestion.citations.map((citation) => this.#source(citation.clause, `[${citation.mark}] ${citation.title}`));
      const press = () => insert(suggestion.text);
      return h("li.suggestion", {}, h("small", {}, `${n + 1} · ${suggestion.reason}`), h("div", {}, markdown(suggestion.text, (number) => h("sup.chip", {}, String(number)))), h("div.sources", {}, sources), h("button.quiet", { type: "button", onclick: press }, t("insert")));
    });
    return rows.length ? h("ol", {}, rows) : h("p.hint", {}, t("nothing"));
  }

  #decisions() {
    const { t } = this.#tools;
    const source = (ref, label) => this.#source(ref, label);
    const rows = this.#detail.decided.map((decision) => h("li", {}, why(decision, { t, source, open: false })));
    return rows.length ? h("ul", {}, rows) : h("p.hint", {}, t("nothing"));
  }

  /** A link to where a statement comes from: it opens the clause below itself. */
  #source(ref, label) {
    const { api, t, lang } = this.#tools;
    const node = h("details.source", {}, h("summary", {}, label));
    node.addEventListener("toggle", async () => {
      if (!node.open || node.childElementCount > 1) return;
      const place = h("blockquote", {}, "…");
      node.append(place);
      try {
        const clause = await api.json("GET", clausePath(ref, lang()));
        const from = clause.in_force_from ? date(clause.in_force_from, lang()) : "";
        place.replaceChildren(clause.text, h("small", {}, ` ${clause.title} · ${clause.version} · ${t(`status_${clause.status}`)} ${from}`));
      } catch (error) {
        place.textContent = t("failed", { text: error.message });
      }
    });
    return node;
  }

  #search() {
    const { t, api } = this.#tools;
    const input = h("input", { type: "search", "aria-label": t("search"), placeholder: t("search"), value: this.#asked, maxlength: "200" });
    const list = h("ul.hits", { "aria-live": "polite" }, this.#hits());
    const go = async (event) => {
      event.preventDefault();
      this.#asked = input.value.trim();
      if (!this.#asked) return;
      this.#found = await api.json("GET", `/v1/desk/search?q=${encodeURIComponent(this.#asked)}`);
      list.replaceChildren(...this.#hits());
    };
    return h("form.search", { role: "search", onsubmit: go }, h("div", {}, input, h("button.quiet", { "aria-label": t("search") }, icon("search"))), list);
  }

  #hits() {
    const { t, insert } = this.#tools;
    if (!this.#found) return [];
    const shown = (n) => n.toFixed(2);
    return this.#found.map((hit) => {
      const scores = t("scores", { score: shown(hit.score), lexical: shown(hit.lexical), dense: shown(hit.dense) });
      return h("li", {}, h("b", {}, hit.clause.title), h("p", {}, hit.clause.text), h("small", {}, `${t(`status_${hit.clause.status}`)} · ${hit.clause.version} · ${scores}`), h("button.quiet", { type: "button", onclick: () => insert(hit.clause.text) }, t("insert")));
    });
  }

  #summary() {
    const { t } = this.#tools;
    const { summary } = this.#detail;
    const todos = summary.todos.map((todo) => h("li", {}, todo));
    return [h("p", {}, summary.text), todos.length ? [h("small", {}, t("todo")), h("ul", {}, todos)] : null];
  }

  #quality() {
    const { t, api } = this.#tools;
    const place = h("div", {}, this.#score ? this.#scored() : h("button.quiet", { type: "button", onclick: load }, t("score")));
    const self = this;
    async function load() {
      self.#score = await api.json("GET", `/v1/desk/conversations/${self.#detail.head.id}/score`);
      place.replaceChildren(...[self.#scored()].flat());
    }
    return place;
  }

  #scored() {
    const { t } = this.#tools;
    const { score, checked, not_checked: skipped, deductions, capped } = this.#score;
    const rows = deductions.map((found) => h("li", {}, `${found.label} (−${found.points}) `, h("q", {}, found.quote)));
    const red = capped === null ? null : h("p.state.risk", {}, icon("risk"), t("red_line"));
    return [h("p", {}, t("score_line", { score, checked: checked.length, skipped: skipped.length })), red, h("ul", {}, rows)];
  }
}
