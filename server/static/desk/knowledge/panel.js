// The knowledge pages of the desk: documents, trying a search, conflicting figures. One section, opened from the page's head.

import { h } from "/widget/dom.js";
import { Conflicts } from "./conflicts.js";
import { Documents } from "./documents.js";
import { Trial } from "./search.js";
import { words } from "./words.js";

/** The tabs by name; each has `draw(place)`, and may have `key(event)`. */
const TABS = { documents: Documents, search: Trial, conflicts: Conflicts };

export class Knowledge {
  #node = h("section", { id: "knowledge", tabindex: "-1", "aria-labelledby": "knowledge-title", hidden: true });
  #button = h("button.link", { type: "button", "aria-pressed": "false", hidden: true });
  #place = h("div.place");
  #tools;
  #tab = "documents";
  #tabs = {};
  #role = "agent";
  #hidden = [];

  /** `lang` gives the language of the page, `api` is the desk's. */
  constructor(main, before, { api, lang }) {
    const t = (...all) => words(lang())(...all);
    this.#tools = { api, lang, t, role: () => this.#role };
    for (const [name, Tab] of Object.entries(TABS)) this.#tabs[name] = new Tab(this.#tools);
    main.append(this.#node);
    before.before(this.#button);
    this.#button.addEventListener("click", () => (this.#node.hidden ? this.open() : this.close()));
    main.addEventListener("panel", (event) => event.detail === this || this.close());
    document.addEventListener("keydown", (event) => {
      if (this.#node.hidden || event.target.matches("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
      if (this.#tabs[this.#tab].key?.(event)) event.preventDefault();
    });
  }

  /** The entry in the head of the page, for everybody at the desk. */
  offer(role) {
    this.#role = role;
    this.#button.hidden = false;
    this.word();
  }

  word() {
    this.#button.textContent = this.#tools.t("knowledge");
    if (!this.#node.hidden) this.#draw();
  }

  open() {
    this.#node.parentNode.dispatchEvent(new CustomEvent("panel", { detail: this }));
    this.#hidden = [...this.#node.parentNode.children].filter((node) => node !== this.#node && !node.hidden);
    for (const node of this.#hidden) node.hidden = true;
    this.#node.hidden = false;
    this.#button.setAttribute("aria-pressed", "true");
    this.#draw();
    this.#node.focus();
  }

  close() {
    if (this.#node.hidden) return;
    this.#node.hidden = true;
    for (const node of this.#hidden) node.hidden = false;
    this.#button.setAttribute("aria-pressed", "false");
  }

  #draw() {
    const { t } = this.#tools;
    const tabs = Object.keys(TABS).map((name) =>
      h("button.pill", { type: "button", "aria-pressed": String(name === this.#tab), onclick: () => this.#turn(name) }, t(`tab_${name}`)),
    );
    const bar = h("header.bar", {}, h("h2", { id: "knowledge-title" }, t("knowledge")), h("span.tabs", { role: "group", "aria-labelledby": "knowledge-title" }, tabs), h("button.quiet", { type: "button", onclick: () => this.close() }, t("back")));
    this.#node.replaceChildren(bar, this.#place);
    this.#tabs[this.#tab].draw(this.#place);
  }

  #turn(name) {
    this.#tab = name;
    this.#draw();
  }
}
