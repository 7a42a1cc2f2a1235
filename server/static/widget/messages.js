// The list of messages: the log's items, what is still on its way, and what is happening right now.

import { card, proposal, receipt } from "./cards.js";
import { h, icon, reconcile } from "./dom.js";
import { clock, moment, pick } from "./format.js";
import { markdown } from "./markdown.js";

const NEAR_END_PX = 80;

/** Scrolls with the talk only while the reader is at its end. */
export class Messages {
  #tools;
  #log;
  #hours;
  #live = h("div.live", {});
  #status = h("p.sr", { role: "status" });

  constructor(tools) {
    this.#tools = tools;
    this.#log = h("div.log", { role: "log", "aria-live": "polite", "aria-relevant": "additions" });
    this.node = h("div.scroller", { tabindex: "0", role: "region" }, this.#log, this.#live, this.#status);
  }

  draw(session, greeting, now) {
    this.#hours = session.shop?.hours;
    const { t, lang } = this.#tools;
    const follow = this.#atEnd;
    this.node.setAttribute("aria-label", t("messages"));
    const hello = greeting ? [{ key: "hello", sign: greeting, kind: "hello", speaker: "assistant", first: true, text: greeting }] : [];
    const items = [...hello, ...session.log.items, ...session.outbox.map((message) => this.#waiting(message))];
    for (const item of items) item.sign += `|${lang}|${JSON.stringify(session.answering.get(item.entry?.proposal_id)) ?? ""}`;
    reconcile(this.#log, items, (item) => this.#row(item));
    this.#drawLive(session, now);
    if (follow) this.toEnd();
  }

  toEnd() {
    this.node.scrollTop = this.node.scrollHeight;
  }

  get #atEnd() {
    return this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight < NEAR_END_PX;
  }

  #waiting(message) {
    const item = { key: `c${message.client_id}`, kind: "asked", speaker: "customer", first: true, message };
    return { ...item, sign: `out|${message.state}`, entry: message, at: message.at };
  }

  #row(item) {
    const { t, lang } = this.#tools;
    const name = { customer: t("you"), assistant: t("assistant"), agent: item.entry?.agent || t("agent") }[item.speaker];
    const divider = item.divider && item.at ? h("time.divider", { datetime: item.at }, moment(item.at, lang, new Date())) : null;
    const who = item.first && name ? h(`span.who${item.speaker === "customer" ? ".sr" : ""}`, {}, name) : null;
    const stamp = item.at && item.speaker !== "note" ? h("time.sr", { datetime: item.at }, clock(item.at, lang)) : null;
    return h(`div.row.${item.speaker}${item.first ? ".first" : ""}`, {}, divider, who, this.#body(item), stamp);
  }

  #body(item) {
    const { t, lang } = this.#tools;
    const { entry } = item;
    switch (item.kind) {
      case "hello":
        return h("div.bubble", { lang: tag(lang) }, markdown(item.text));
      case "asked":
        return [h("div.bubble", {}, markdown(entry.text)), this.#delivery(item.message)];
      case "agent_said":
        return h("div.bubble", {}, markdown(entry.text));
      case "said":
        return this.#said(item);
      case "proposed":
        return proposal(item, this.#tools);
      case "acted":
        return receipt(item, this.#tools);
      case "failed":
        return this.trouble(entry.text || t("failed"), item.asked);
      default:
        return h("p.note", {}, this.#note(entry));
    }
  }

  #said({ entry, citations, spent }) {
    const { t, quote } = this.#tools;
    const mark = (number) => {
      const citation = citations.get(number);
      if (!citation) return null;
      const label = t("mark", { n: number, title: citation.title });
      return h("button.mark", { type: "button", "aria-label": label, onclick: () => quote(citation) }, String(number));
    };
    const cards = (entry.cards ?? []).map((given) => card(given, this.#tools, spent));
    return [entry.text ? h("div.bubble", {}, markdown(entry.text, mark)) : null, cards];
  }

  #delivery(message) {
    if (!message) return null;
    const { t, retry } = this.#tools;
    if (message.state !== "failed") return h("small.delivery", {}, t("sending"));
    const again = h("button.link", { type: "button", onclick: () => retry(message.client_id) }, t("retry"));
    return h("small.delivery.risk", { role: "alert" }, icon("risk"), message.problem || t("unsent"), again);
  }

  trouble(text, asked) {
    const { t, repeat } = this.#tools;
    const again = asked && h("button.quiet", { type: "button", onclick: () => repeat(asked) }, t("retry"));
    return h("div.trouble", { role: "alert" }, icon("risk"), h("span", {}, text), again, again && h("small", {}, t("retry_note")));
  }

  #note(entry) {
    const { t, lang } = this.#tools;
    if (entry.kind === "handed_off") return this.#hours ? `${t("queued")}\n${pick(this.#hours, lang)}` : t("queued");
    if (entry.kind === "taken_over") return t("joined", { name: entry.agent });
    if (entry.kind === "given_back") return t("given_back");
    return entry.kind === "rated" ? t("rated", { n: entry.score }) : t("ended");
  }

  /** Partial text, dots, and after three seconds words: what takes so long. */
  #drawLive({ log, saying, fault, link }, now) {
    const { t } = this.#tools;
    const open = log.open;
    const waited = open ? now - (this.#since(open) ?? now) : 0;
    const slow = waited > 10000 ? "slower" : "slow";
    const words = !open || fault ? "" : waited > 3000 && !saying ? t(slow) : t("typing");
    if (this.#status.textContent !== words) this.#status.textContent = words;
    const dots = h("span.dots", {}, h("i"), h("i"), h("i"));
    const partial = saying ? h("div.bubble", {}, markdown(saying)) : h("div.bubble.typing", {}, dots, waited > 3000 ? h("small", {}, words) : null);
    const sign = `${open?.seq}|${saying}|${words}|${fault?.text}|${link}`;
    if (this.#live.sign === sign) return;
    this.#live.sign = sign;
    const shown = fault ? this.trouble(fault.text || t("failed"), open) : open && partial;
    this.#live.replaceChildren(shown ? h("div.row.assistant.first", fault ? {} : { "aria-hidden": "true" }, shown) : "");
  }

  /** When this browser first saw that the message waits: the server's clock may not be ours. */
  #since({ seq }) {
    if (this.#live.seq !== seq) Object.assign(this.#live, { seq, since: performance.now() });
    return this.#live.since;
  }
}

const tag = (lang) => (lang === "zh" ? "zh-CN" : "en");
