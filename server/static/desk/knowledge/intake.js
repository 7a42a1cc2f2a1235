// Files taken in one after the other, each with a line that says what was kept, left out and why, or why it was refused.

import { h, icon } from "/widget/dom.js";

const KINDS = ".md,.markdown,.txt,.html,.htm,.pdf,.docx,.xlsx,.csv,.tsv,.jsonl";

export class Intake {
  #tools;
  #taken;
  #reports = h("ul.reports", { "aria-live": "polite" });
  #draft = true;
  #running = false;

  /** `taken(key)` is called after each file with the version that came of it. */
  constructor(tools, taken) {
    this.#tools = tools;
    this.#taken = taken;
  }

  draw() {
    const { t } = this.#tools;
    const input = h("input.sr", { type: "file", multiple: true, accept: KINDS, onchange: (event) => this.#send([...event.target.files], event.target) });
    const drop = h("label.drop", {}, icon("clip"), h("span", {}, t("take_choose")), input);
    for (const name of ["dragover", "dragleave", "drop"]) drop.addEventListener(name, (event) => this.#dragged(event, drop));
    const draft = h("input", { type: "checkbox", checked: this.#draft, onchange: (event) => (this.#draft = event.target.checked) });
    return h("section.intake", { "aria-label": t("take") }, h("h3", {}, t("take")), drop, h("label.tick", {}, draft, t("take_draft")), h("small", {}, t("take_kinds")), this.#reports);
  }

  #dragged(event, drop) {
    event.preventDefault();
    drop.classList.toggle("over", event.type === "dragover");
    if (event.type === "drop") this.#send([...event.dataTransfer.files]);
  }

  async #send(files, input = null) {
    if (this.#running) return;
    this.#running = true;
    const { t } = this.#tools;
    this.#reports.replaceChildren();
    for (const file of files) {
      const line = h("li", {}, h("b", {}, file.name), h("small", {}, t("take_running", { name: "" })));
      this.#reports.append(line);
      line.replaceChildren(...(await this.#one(file)));
    }
    this.#running = false;
    if (input) input.value = "";
  }

  async #one(file) {
    const { api, t } = this.#tools;
    const body = new FormData();
    body.append("file", file);
    body.append("draft", String(this.#draft));
    try {
      const taken = await (await api.open("POST", "/v1/desk/documents/files", { body })).json();
      await this.#taken(taken.versions[0]?.key ?? taken.same_as);
      return this.#report(taken);
    } catch (error) {
      return [h("b", {}, file.name), h("span.state.risk", {}, icon("risk"), t("took_refused", { text: error.message }))];
    }
  }

  #report(taken) {
    const { t } = this.#tools;
    const kept = ["added", "replaced", "restored", "mended"].includes(taken.what);
    const level = kept ? "good" : taken.what === "waiting" ? "wait" : null;
    const cut = Object.entries(taken.cut);
    const cutWords = cut.map(([reason, n]) => `${t(`cut_${reason}`)} ${n}`).join(", ");
    const facts = [
      taken.clauses ? t("took_clauses", { n: taken.clauses }) : null,
      taken.encoding ? t("took_encoding", { name: taken.encoding }) : null,
      cut.length ? t("took_cut", { n: cut.reduce((sum, [, n]) => sum + n, 0), what: cutWords }) : null,
    ].filter(Boolean);
    return [
      h("b", {}, taken.name),
      h(`span.state${level ? `.${level}` : ""}`, {}, level ? icon(level) : null, t(`took_${taken.what}`, { key: taken.same_as ?? "" })),
      facts.length ? h("small", {}, facts.join(" · ")) : null,
    ].filter(Boolean);
  }
}
