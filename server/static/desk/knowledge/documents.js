// The shop's documents: the list, files taken in with their report, and the one that is open.

import { h, icon } from "/widget/dom.js";
import { Intake } from "./intake.js";
import { marks, path, state, window_ } from "./shown.js";
import { whole } from "./whole.js";

const FILTERS = {
  all: () => true,
  confirm: (version) => !version.confirmed && version.state !== "withdrawn",
  published: (version) => version.state === "published",
  withdrawn: (version) => version.state === "withdrawn",
};

export class Documents {
  #tools;
  #list = h("ul.rows");
  #whole = h("div.whole");
  #filters = h("div.filters", { role: "group" });
  #status = h("p.told", { role: "status" });
  #documents = [];
  #total = 0;
  #later = 0;
  #filter = "all";
  #sought = "";
  #open = null;
  #intake;

  constructor(tools) {
    this.#tools = tools;
    this.#intake = new Intake(tools, (key) => this.#load(key));
  }

  async draw(place) {
    const { t, role } = this.#tools;
    const find = h("input", { type: "search", "aria-label": t("find"), placeholder: t("find"), value: this.#sought, maxlength: "100", oninput: (event) => this.#seek(event.target.value) });
    const side = h("div.side", {}, role() === "supervisor" ? this.#intake.draw() : h("p.hint", {}, t("take_only")), h("div", { role: "search" }, find), this.#filters, this.#list);
    this.#list.setAttribute("aria-label", t("list"));
    this.#filters.setAttribute("aria-label", t("list"));
    place.className = "place documents";
    place.replaceChildren(side, h("div", {}, this.#status, this.#whole));
    await this.#load(this.#open);
  }

  /** j and k go through the list. */
  key(event) {
    if (event.key !== "j" && event.key !== "k") return false;
    const rows = this.#shown();
    const at = rows.findIndex((row) => row.versions.some((version) => version.key === this.#open));
    const next = rows[Math.min(rows.length - 1, Math.max(0, at + (event.key === "j" ? 1 : -1)))];
    if (next) this.#choose(next.versions[0].key);
    return true;
  }

  #seek(words) {
    this.#sought = words.trim();
    clearTimeout(this.#later);
    this.#later = setTimeout(() => this.#read().catch((error) => this.#fail(error)), 200);
  }

  #fail(error) {
    const { t } = this.#tools;
    this.#status.replaceChildren(h("span.problem", {}, t("failed", { text: error.message })));
  }

  async #read() {
    const { api } = this.#tools;
    const found = await api.json("GET", `/v1/desk/documents?q=${encodeURIComponent(this.#sought)}`);
    this.#documents = found.documents;
    this.#total = found.total;
    this.#drawList();
  }

  #shown() {
    return this.#documents.filter((document) => document.versions.some(FILTERS[this.#filter]));
  }

  async #load(key, told = "") {
    try {
      await this.#read();
      await this.#show(key, told);
    } catch (error) {
      this.#fail(error);
    }
  }

  #drawList() {
    const { t, lang } = this.#tools;
    const filters = Object.keys(FILTERS).map((name) =>
      h("button.pill", { type: "button", "aria-pressed": String(name === this.#filter), onclick: () => ((this.#filter = name), this.#drawList()) }, t(`filter_${name}`)),
    );
    this.#filters.replaceChildren(...filters);
    const rows = this.#shown().map((document) => {
      const version = document.versions.find((one) => one.holds && one.state === "published") ?? document.versions[0];
      const waits = document.versions[0] === version ? null : document.versions[0];
      const current = document.versions.some((one) => one.key === this.#open);
      const button = h(
        `button.row${current ? ".current" : ""}`,
        { type: "button", "aria-current": current && "true", onclick: () => this.#choose((waits ?? version).key) },
        h("b", {}, version.title),
        h("span.tags", {}, state(version, t), marks(version, t), waits?.state === "draft" ? h("span.state.wait", {}, icon("wait"), t("waits")) : null),
        h("small", {}, window_(version, t, lang())),
        h("small", {}, version.origin, document.versions.length > 1 ? ` · ${t("versions", { n: document.versions.length })}` : ""),
      );
      return h("li", {}, button);
    });
    const none = this.#documents.length || this.#sought ? "none_such" : "none";
    const more = this.#total - this.#documents.length;
    this.#list.replaceChildren(...(rows.length ? rows : [h("li.hint", {}, t(none))]), more > 0 ? h("li.hint", {}, t("more", { n: more })) : "");
  }

  /** On a narrow page the document stands below the list: go there. */
  async #choose(key) {
    await this.#show(key);
    this.#whole.parentNode.scrollTop = 0;
    if (this.#whole.offsetTop > this.#list.offsetTop) this.#whole.scrollIntoView();
  }

  async #show(key, told = "") {
    const { api, t } = this.#tools;
    this.#status.textContent = told;
    this.#open = key;
    this.#drawList();
    if (!key) return this.#whole.replaceChildren(h("p.hint", {}, t(this.#documents.length ? "choose" : this.#tools.role() === "supervisor" ? "start" : "none")));
    const version = await api.json("GET", path("versions", key)).catch((error) => error);
    if (this.#open !== key) return null;
    if (version instanceof Error) return this.#whole.replaceChildren(h("p.problem", { role: "alert" }, t("failed", { text: version.message })));
    return this.#whole.replaceChildren(whole(version, { ...this.#tools, show: (other) => this.#show(other), act: (verb, name, body) => this.#act(verb, name, body) }));
  }

  /** Do `verb` to `name`; throws what the server refuses. */
  async #act(verb, name, body = {}) {
    const { api, t } = this.#tools;
    const done = await api.json("POST", path(verb, name), body);
    const shown = done.versions.find((version) => version.key === this.#open) ?? done.versions.at(-1);
    await this.#load(shown.key, t(done.searchable ? "did" : "did_later"));
  }
}
