// Try a search as of a day and in a place: what is found, with both scores, and whether the assistant would answer by it.

import { date, h, icon } from "/widget/dom.js";
import { window_ } from "./shown.js";

const PLATFORMS = ["taobao", "tmall", "jd", "pdd", "douyin", "1688"];

export class Trial {
  #tools;
  #found = h("div.found", { "aria-live": "polite" });
  #asked = { q: "", as_of: "", platform: "", category: "", region: "", audience: "customer", lang: "" };

  constructor(tools) {
    this.#tools = tools;
  }

  draw(place) {
    const { t } = this.#tools;
    const field = (label, input) => h("label.field", {}, h("span", {}, label), input);
    const text = (name, list = null) => h("input", { name, value: this.#asked[name], maxlength: "60", placeholder: t("unknown_scope"), list });
    const pick = (name, options) => h("select", { name }, Object.entries(options).map(([value, word]) => h("option", { value, selected: value === this.#asked[name] }, word)));
    const form = h(
      "form.trial",
      { role: "search", onsubmit: (event) => (event.preventDefault(), this.#go(new FormData(event.target))) },
      h("div.ask", {}, field(t("question"), h("input", { name: "q", type: "search", required: true, maxlength: "200", value: this.#asked.q })), h("button.primary", {}, t("go"))),
      h(
        "div.scope",
        {},
        field(t("as_of"), h("input", { name: "as_of", type: "date", value: this.#asked.as_of })),
        field(t("of_platforms"), text("platform", "platforms")),
        field(t("of_categories"), text("category")),
        field(t("of_regions"), text("region")),
        field(t("asker"), pick("audience", { customer: t("asker_customer"), agent: t("asker_agent") })),
        field(t("of_lang"), pick("lang", { "": t("any_lang"), zh: t("zh"), en: t("en") })),
        h("datalist", { id: "platforms" }, PLATFORMS.map((name) => h("option", { value: name }))),
      ),
    );
    place.className = "place";
    place.replaceChildren(form, this.#found);
    if (this.#asked.q) this.#ask();
  }

  #go(form) {
    this.#asked = Object.fromEntries([...form].map(([name, value]) => [name, value.trim()]));
    if (this.#asked.q) this.#ask();
  }

  async #ask() {
    const { api, t } = this.#tools;
    const query = new URLSearchParams(Object.entries(this.#asked).filter(([, value]) => value));
    try {
      this.#show(await api.json("GET", `/v1/desk/documents/search?${query}`));
    } catch (error) {
      this.#found.replaceChildren(h("p.problem", {}, t("failed", { text: error.message })));
    }
  }

  #show({ hits, as_of: at, sure_at: floor }) {
    const { t, lang } = this.#tools;
    const most = Math.max(1, ...hits.map((hit) => hit.lexical)); // a lexical score has no upper end
    const head = h("p.hint", {}, hits.length ? t("found", { n: hits.length, date: date(at, lang()) }) : t("found_none"));
    this.#found.replaceChildren(head, h("ol.hits", {}, hits.map((hit) => this.#hit(hit, floor, most))));
  }

  #hit(hit, floor, most) {
    const { t, lang } = this.#tools;
    const { clause } = hit;
    const sure = hit.sure ? h("span.state.good", {}, icon("good"), t("hit_sure")) : h("span.state.wait", {}, icon("wait"), t("hit_unsure", { n: floor.toFixed(2) }));
    const bars = [["score_all", hit.score, 1], ["score_lexical", hit.lexical, most], ["score_dense", hit.dense, 1]];
    if (hit.reranked !== null) bars.push(["score_reranked", hit.reranked, 1]);
    const scores = bars.map(([label, value, end]) =>
      h("div", {}, h("dt", {}, t(label)), h("dd", {}, h("meter", { min: "0", max: end, value: Math.max(0, Math.min(end, value)), "aria-label": t(label) }), h("span.num", {}, value.toFixed(2)))),
    );
    return h(
      "li.card",
      {},
      h("p.head", {}, h("b", {}, clause.title), sure),
      h("p.tags", {}, h("span.state", {}, t(hit.of_document ? "hit_document" : "hit_pack")), hit.confirmed ? null : h("span.state.wait", {}, icon("wait"), t("to_confirm")), h("span.state", {}, t(`status_${clause.status}`)), h("small", {}, window_({ ...clause, undated: hit.undated }, t, lang()))),
      h("blockquote", {}, clause.text),
      h("dl.scores", {}, scores),
      h("small", {}, h("code", {}, clause.ref)),
    );
  }
}
