// The conversation: the transcript with what was done in between, and the reply box of whoever owns it.

import { newId } from "/widget/api.js";
import { h, icon } from "/widget/dom.js";
import { clock, money } from "/widget/format.js";
import { markdown } from "/widget/markdown.js";

const SPEAKER = { asked: "customer", said: "assistant", agent_said: "colleague" };

export class Talk {
  #node;
  #tools;
  #box = null;
  #detail = null;
  #drawn = null;

  constructor(node, tools) {
    this.#node = node;
    this.#tools = tools;
  }

  /** Put a suggestion into the reply box, ready to be changed. */
  insert(text) {
    if (!this.#box || this.#box.disabled) return;
    this.#box.value = text.replace(/\[\d{1,2}\]/g, "");
    this.edit();
  }

  edit() {
    this.#box?.focus();
  }

  draw(detail) {
    const { t } = this.#tools;
    this.#detail = detail;
    if (!detail) {
      this.#node.replaceChildren(h("h2", { id: "talk-title" }, t("transcript")), h("p.hint", {}, t("choose")));
      this.#drawn = null;
      return;
    }
    const { head, row, entries } = detail;
    const kept = this.#drawn === head.id ? this.#box?.value : "";
    const log = h("div.log", { role: "log", tabindex: "0", "aria-live": "polite", "aria-label": t("transcript") }, entries.map((entry) => this.#entry(entry)));
    const owner = t(`owner_${head.owner}`, { name: head.agent ?? "" });
    this.#node.replaceChildren(
      h("header.bar", {}, h("h2", { id: "talk-title" }, row.customer_name), h("span.state", {}, owner), this.#hand(head)),
      log,
      this.#composer(head, kept),
    );
    this.#drawn = head.id;
    log.scrollTop = log.scrollHeight;
  }

  #hand(head) {
    const { t } = this.#tools;
    const mine = head.owner === "agent";
    const path = mine ? "give-back" : "take";
    const press = () => this.#post(path, {});
    return h(`button.${mine ? "quiet" : "primary"}`, { type: "button", disabled: head.closed, onclick: press }, t(mine ? "give_back" : "take"));
  }

  #composer(head, kept) {
    const { t } = this.#tools;
    const free = head.owner === "agent" && !head.closed;
    this.#box = h("textarea", { rows: "3", id: "reply", disabled: !free, value: kept ?? "", placeholder: free ? "" : t("take_first") });
    const send = () => {
      const text = this.#box.value.trim();
      if (!text) return;
      this.#box.value = "";
      this.#post("messages", { client_id: newId(), text });
    };
    this.#box.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        send();
      }
    });
    return h(
      "form.composer",
      { onsubmit: (event) => (event.preventDefault(), send()) },
      h("label.sr", { for: "reply" }, t("reply")),
      this.#box,
      h("div.foot", {}, h("small.hint", {}, t("send_hint")), h("button.primary", { disabled: !free }, t("send"))),
      h("p.problem", { role: "alert" }),
    );
  }

  async #post(path, body) {
    const { api, t, changed } = this.#tools;
    try {
      await api.json("POST", `/v1/desk/conversations/${this.#detail.head.id}/${path}`, body);
      await changed();
      if (path === "take") this.edit();
    } catch (error) {
      this.#node.querySelector(".problem").textContent = t("failed", { text: error.message });
    }
  }

  #entry(entry) {
    const { t, lang } = this.#tools;
    const speaker = SPEAKER[entry.kind];
    if (speaker) {
      const name = entry.agent || t(speaker);
      const at = h("time", { datetime: entry.at }, clock(entry.at, lang()));
      return h(`div.line.${speaker}`, {}, h("small", {}, name, " ", at), h("div.bubble", {}, markdown(entry.text)));
    }
    const note = this.#note(entry);
    return note ? h("p.note", {}, icon(entry.kind === "acted" && entry.state === "done" ? "good" : "wait"), note) : null;
  }

  /** A reason in words; one without words of its own is shown as it is. */
  #why(reason) {
    const words = this.#tools.t(`why_${reason}`);
    return words === `why_${reason}` ? reason : words;
  }

  #note(entry) {
    const { t } = this.#tools;
    const amount = entry.amount === null || entry.amount === undefined ? "" : money(entry.amount);
    switch (entry.kind) {
      case "proposed":
        return t("did_proposed", { title: `${entry.title} ${amount}` });
      case "answered":
        return t(`did_answered_${entry.answer}`);
      case "acted":
        return t(`did_${entry.state}`, { action: entry.action, amount, receipt: entry.receipt ?? "" });
      case "handed_off":
        return t("did_handed_off", { reason: this.#why(entry.reason) + (entry.note ? ` · ${entry.note}` : "") });
      case "taken_over":
      case "given_back":
        return t(`did_${entry.kind}`, { agent: entry.agent });
      case "rated":
        return t("did_rated", { score: entry.score });
      case "closed":
        return t("did_closed");
      default:
        return null;
    }
  }
}
