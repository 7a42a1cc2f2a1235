// Clauses in force together that give different figures of one thing, side by side.

import { h } from "/widget/dom.js";

const UNITS = { "working days": "unit_working_days", months: "unit_months", yuan: "unit_yuan", "%": "unit_percent", times: "unit_times", pieces: "unit_pieces" };

export class Conflicts {
  #tools;
  #everything = false;

  constructor(tools) {
    this.#tools = tools;
  }

  async draw(place) {
    const { api, t } = this.#tools;
    const list = h("div.found", { "aria-live": "polite" }, h("p.hint", {}, t("reading")));
    const all = h("input", { type: "checkbox", checked: this.#everything, onchange: (event) => ((this.#everything = event.target.checked), this.draw(place)) });
    place.className = "place";
    place.replaceChildren(h("p.hint", {}, t("conflicts_note")), h("label.tick", {}, all, t("conflicts_all")), list);
    try {
      const found = await api.json("GET", `/v1/desk/documents/conflicts?everything=${this.#everything}`);
      list.replaceChildren(found.length ? h("ul.conflicts", {}, found.map((one) => this.#one(one))) : h("p.hint", {}, t("conflicts_none")));
    } catch (error) {
      list.replaceChildren(h("p.problem", {}, t("failed", { text: error.message })));
    }
  }

  #one({ subject, unit, first, second }) {
    const { t } = this.#tools;
    const side = (figure) => h("div", {}, h("p.head", {}, h("b.num", {}, this.#value(figure.value, unit)), h("small", {}, t(`level_${figure.level}`))), h("blockquote", {}, figure.sentence), h("small", {}, figure.title, " ", h("code", {}, figure.ref)));
    return h("li.card", {}, h("h3", {}, subject), h("div.sides", {}, side(first), side(second)));
  }

  /** Hours that make whole days are said as days. */
  #value(value, unit) {
    const { t } = this.#tools;
    if (unit === "hours") return value % 24 ? t("unit_hours", { n: value }) : t("unit_days", { n: value / 24 });
    return t(UNITS[unit] ?? "unit_pieces", { n: value });
  }
}
