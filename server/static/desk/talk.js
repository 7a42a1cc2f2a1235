// The conversation: the transcript with what was done in between, and the reply box of whoever owns it.

import { newId } from "/widget/session.js";
import { clock, h, icon, markdown, money } from "/widget/dom.js";
import { levelWords, nameOf } from "./authority.js";

const SPEAKER = { asked: "customer", said: "assistant", agent_said: "colleague" };

export class Talk {
  #node;
  #tools;
  #box = null;
  #detail = null;
  #drawn = null;
  #sent = Promise.resolve();
  #unsent = null;

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
    const alarm = head.escalated_at ? h("span.state.risk", {}, icon("risk"), t("escalated")) : null;
    this.#node.replaceChildren(
      h("header.bar", {}, h("h2", { id: "talk-title" }, row.customer_name), h("span.state", {}, owner), alarm, this.#hand(head)),
      log,
      this.#composer(head, kept),
    );
    this.#drawn = head.id;
    log.scrollTop = log.scrollHeight;
  }

  #hand(head) {
    const { t } = this.#tools;
    const me = this.#tools.me();
    const button = (spec, path, body, word) => h(spec, { type: "button", disabled: head.closed, onclick: () => this.#post(path, body) }, t(word));
    if (head.owner !== "agent") return button("button.primary", "take", {}, "take");
    if (head.agent === me) {
      const offered = head.transfer_to ? h("small.hint", {}, t("offered_to", { name: head.transfer_to })) : this.#transfer(head);
      return h("span.hand", {}, offered, button("button.quiet", "give-back", {}, "give_back"));
    }
    if (head.transfer_to === me) {
      const asks = h("small", {}, t("offered_to_me", { name: head.agent }));
      return h("span.hand", {}, asks, button("button.primary", "transfer/answer", { accept: true }, "accept"), button("button.quiet", "transfer/answer", { accept: false }, "decline"));
    }
    return head.escalated_at ? button("button.quiet", "take", {}, "take") : null;
  }

  /** Offer the talk to a colleague: it stays one's own until they accept. */
  #transfer(head) {
    const { t } = this.#tools;
    const name = h("input", { required: true, maxlength: "40", "aria-label": t("transfer_to"), placeholder: t("transfer_to") });
    const submit = (event) => {
      event.preventDefault();
      this.#post("transfer", { to: name.value.trim() });
    };
    return h("details.transfer", {}, h("summary", {}, t("transfer")), h("form", { onsubmit: submit }, name, h("button", { disabled: head.closed }, t("transfer"))));
  }

  #composer(head, kept) {
    const { t } = this.#tools;
    const free = head.owner === "agent" && head.agent === this.#tools.me() && !head.closed;
    this.#box = h("textarea", { rows: "3", id: "reply", disabled: !free, value: kept ?? "", placeholder: free ? "" : t("take_first") });
    const send = () => {
      const text = this.#box.value.trim();
      if (!text) return;
      this.#box.value = "";
      // one behind the other: two requests on their way at once may arrive in either order
      this.#sent = this.#sent.then(() => this.#send(head.id, text));
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

  /** Words that did not arrive stand in the box again; sent once more as they are, they keep their id and count once. */
  async #send(id, text) {
    const { client_id } = this.#unsent?.text === text && this.#unsent.id === id ? this.#unsent : { client_id: newId() };
    this.#unsent = (await this.#post("messages", { client_id, text }, id)) ? null : { id, text, client_id };
    if (this.#unsent && this.#detail?.head.id === id && !this.#box.value) this.#box.value = text;
  }

  /** True when the server took it. */
  async #post(path, body, id = this.#detail.head.id) {
    const { api, t, changed } = this.#tools;
    let taken = false;
    try {
      await api.json("POST", `/v1/desk/conversations/${id}/${path}`, body);
      taken = true;
      await changed();
      if (path === "take") this.edit();
    } catch (error) {
      const problem = this.#node.querySelector(".problem");
      if (problem) problem.textContent = t("failed", { text: error.message });
    }
    return taken;
  }

  #entry(entry) {
    const { t, lang } = this.#tools;
    const speaker = SPEAKER[entry.kind];
    if (speaker) {
      const name = entry.agent || t(speaker);
      const at = h("time", { datetime: entry.at }, clock(entry.at, lang()));
      return h(`div.line.${speaker}`, {}, h("small", {}, name, " ", at), h("div.bubble", {}, markdown(entry.text, this.#mark(entry))));
    }
    const note = this.#note(entry);
    return note ? h("p.note", {}, icon(entry.kind === "acted" && entry.state === "done" ? "good" : "wait"), note) : null;
  }

  /** A mark in the words as a chip that opens the quote it stands for: the one cited in the same turn. */
  #mark(entry) {
    const { t, source } = this.#tools;
    const cited = this.#detail.entries.filter((other) => other.kind === "cited" && other.turn === entry.turn);
    return (number) => {
      const citation = cited.map((other) => other.citation).findLast((one) => one.mark === number);
      if (!citation) return null;
      const press = (event) => source(event.currentTarget, citation);
      return h("button.chip", { type: "button", "aria-expanded": "false", "aria-label": t("mark", { n: number, title: citation.title }), onclick: press }, String(number));
    };
  }

  /** A reason in words; one without words of its own is shown as it is. */
  #why(reason) {
    const words = this.#tools.t(`why_${reason}`);
    return words === `why_${reason}` ? reason : words;
  }

  /** What was proposed, in the words it was proposed in. */
  #title(entry) {
    const proposed = this.#detail.entries.find((other) => other.kind === "proposed" && other.proposal_id === entry.proposal_id);
    return proposed?.title ?? entry.action;
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
        return t(`did_${entry.state}`, { action: this.#title(entry), amount, receipt: entry.receipt ?? "" });
      case "handed_off":
        return t("did_handed_off", { reason: this.#why(entry.reason) + (entry.note ? ` · ${entry.note}` : "") });
      case "transfer_offered":
        return t("did_transfer_offered", entry);
      case "transfer_answered":
        return t(entry.accepted ? "did_transfer_accepted" : "did_transfer_declined", entry);
      case "escalated":
        return t("did_escalated");
      case "approval_asked":
        return t("did_approval_asked", { level: levelWords(t, entry.level) });
      case "approval_decided":
        return t(`did_approval_${entry.verdict}`, { ...entry, role: entry.role ? t(entry.role) : "" });
      case "resolved":
        return t("did_resolved", { outcome: t(`outcome_${entry.outcome}`), by: entry.by.map(nameOf).join(t("and")) });
      case "attached":
        return t("did_attached", { name: entry.name });
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
