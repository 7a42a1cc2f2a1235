// <xiaoer-chat>: the launcher, the panel and what connects them with the session. Everything lives in a shadow root.

import { applyBrand, h, icon, pick } from "./dom.js";
import { Messages, showQuote } from "./messages.js";
import { Api, Memory, Session, Tokens } from "./session.js";
import { words } from "./words.js";

const NARROW = "(max-width: 479px)";
const TICK_MS = 1000;
const LANGS = ["zh", "en"];

export async function mount(tag) {
  if (!customElements.get("xiaoer-chat")) customElements.define("xiaoer-chat", XiaoerChat);
  const chat = document.createElement("xiaoer-chat");
  chat.settings = { ...tag.dataset, origin: new URL(tag.src).origin };
  if (document.readyState === "loading") {
    await new Promise((resolve) => document.addEventListener("DOMContentLoaded", resolve, { once: true }));
  }
  document.body.append(chat);
  await chat.styled;
  return chat;
}

export class XiaoerChat extends HTMLElement {
  #tokens;
  #api;
  #session;
  #memory;
  #messages;
  #composer;
  #launcher;
  #parts = {};
  #lang = null;
  #t = null;
  #read = 0;
  #drawing = false;

  connectedCallback() {
    if (this.shadowRoot) return;
    const { origin, shop = "", tokenUrl, color, theme, bottom } = this.settings;
    this.#memory = new Memory(shop);
    this.#tokens = new Tokens(origin, tokenUrl);
    this.#api = new Api(origin, this.#tokens);
    this.#session = new Session(this.#api, this.#tokens, this.#memory, () => this.#draw());
    if (theme) this.setAttribute("data-theme", theme);
    if (bottom) this.style.setProperty("--free", `${Number.parseInt(bottom, 10) || 0}px`);
    applyBrand(this, color);
    this.#build(origin);
    this.#watch();
    this.setLang(this.#pageLang());
    this.#begin();
  }

  /** Speak as the customer `token` names; another customer's talk leaves the screen at once. */
  async signIn(token) {
    this.#session.leave();
    this.#tokens.set(token);
    await this.#begin();
  }

  signOut() {
    return this.signIn(null);
  }

  open() {
    this.#parts.panel.hidden = false;
    this.#memory.set("open", true);
    this.#shape();
    this.#draw();
    this.#messages.toEnd();
    this.#composer.field.focus();
  }

  close() {
    this.#parts.panel.hidden = true;
    this.#memory.set("open", null);
    this.#drawUnread();
    this.#launcher.button.focus();
  }

  /** Open the chat and say `text` for the customer, about an order or a variant if given. */
  ask(text, { orderId, sku } = {}) {
    this.open();
    return this.#say(text, { order_id: orderId, sku });
  }

  setLang(lang) {
    if (!LANGS.includes(lang) || lang === this.#lang) return;
    this.#lang = lang;
    this.#t = words(lang);
    this.#api.lang = lang;
    this.lang = lang === "zh" ? "zh-CN" : "en";
    this.#label();
    this.#draw();
  }

  #build(origin) {
    const root = this.attachShadow({ mode: "open" });
    const sheets = ["widget/widget.css", "tokens.css"].map((file) => h("link", { rel: "stylesheet", href: `${origin}/${file}` }));
    const loaded = (sheet) => new Promise((resolve) => ["load", "error"].forEach((name) => sheet.addEventListener(name, resolve, { once: true })));
    this.#launcher = launcher(this, this.#memory, () => this.open());
    this.#composer = composer((text) => this.#say(text), () => this.#attach());
    this.#messages = new Messages(this.#tools());
    const panel = this.#panel();
    const frame = h("div.frame", { hidden: true }, this.#launcher.button, panel);
    this.styled = Promise.all(sheets.map(loaded)).then(() => {
      frame.hidden = false;
      this.#measure();
      if (this.#memory.get("open") && !matchMedia(NARROW).matches) this.open();
    });
    root.append(...sheets, frame);
  }

  #panel() {
    const parts = this.#parts;
    parts.name = h("h2", { id: "shop" });
    parts.sub = h("p", {});
    parts.person = h("button.person", { type: "button", onclick: () => this.#person() }, icon("person"), h("span", {}));
    parts.language = h("button.link", { type: "button", onclick: () => this.setLang(this.#lang === "zh" ? "en" : "zh") });
    parts.minimise = h("button.icon-button", { type: "button", onclick: () => this.close() }, icon("down"));
    parts.banner = h("p.banner", { role: "status" });
    parts.replies = h("div.replies", { role: "group" });
    parts.end = h("button.link", { type: "button", onclick: () => this.#end() });
    parts.foot = h("div.under", {}, parts.language, parts.end);
    parts.ended = h("div", {});
    const head = h("div.head", {}, h("div.title", {}, parts.name, parts.sub), parts.person, parts.minimise);
    const body = [head, parts.banner, this.#messages.node, parts.replies, parts.ended, this.#composer.node, parts.foot];
    parts.panel = h("section.panel", { role: "dialog", "aria-labelledby": "shop", hidden: true, onkeydown: (event) => this.#key(event) }, body);
    return parts.panel;
  }

  #tools() {
    const chat = this;
    return {
      get t() {
        return chat.#t;
      },
      get lang() {
        return chat.#lang;
      },
      say: (text, about) => this.#say(text, about),
      retry: (id) => this.#session.retry(id),
      repeat: (asked) => this.#session.repeat(asked),
      answer: (id, yes) => this.#session.answer(id, yes),
      answering: (id) => this.#session.answering.get(id),
      quote: (citation) => this.#quote(citation),
      cite: (clause) => this.#quote({ clause }),
      rate: (score, said) => this.#session.rate(score, said),
      again: () => this.#session.again(),
      attach: (ticketId) => this.#attach(ticketId),
      move: (ticketId, body) => this.#tried(this.#session.move(ticketId, body)),
      show: (id, picture) => this.#show(id, picture),
    };
  }

  #quote(citation) {
    showQuote(this.#parts.panel, citation, { t: this.#t, lang: this.#lang, api: this.#api });
  }

  async #begin() {
    await this.#session.start();
    this.#read = this.#session.log.lastSeq;
    const { shop } = this.#session;
    if (shop && !this.settings.color) applyBrand(this, shop.brand_color);
    this.#label();
    this.#draw();
    this.#messages.toEnd();
  }

  #watch() {
    setInterval(() => this.#session.busy && this.#draw(), TICK_MS);
    window.addEventListener("online", () => this.#draw());
    window.addEventListener("offline", () => this.#draw());
    window.visualViewport?.addEventListener("resize", () => this.#shape());
    window.addEventListener("resize", () => this.#measure());
    const page = new MutationObserver(() => !this.settings.lang && this.setLang(this.#pageLang()));
    page.observe(document.documentElement, { attributes: true, attributeFilter: ["lang"] });
  }

  #pageLang() {
    const named = this.settings.lang || document.documentElement.lang || navigator.language;
    return named.toLowerCase().startsWith("zh") ? "zh" : "en";
  }

  /** Text takes the reader's own size or the page's, whichever is larger. */
  #measure() {
    const own = Number.parseFloat(getComputedStyle(this).fontSize);
    const page = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
    this.style.setProperty("--rem", `${Math.max(own, page)}px`);
    this.#shape();
  }

  /** On a narrow screen the panel is the visible part of it, above the on-screen keyboard. */
  #shape() {
    const full = matchMedia(NARROW).matches;
    this.#parts.panel.ariaModal = full ? "true" : null;
    const seen = window.visualViewport;
    this.style.setProperty("--seen", `${seen?.height ?? innerHeight}px`);
    this.style.setProperty("--above", `${seen?.offsetTop ?? 0}px`);
  }

  #key(event) {
    if (event.key === "Escape" && !event.isComposing && !event.target.closest("dialog")) this.close();
    if (event.key === "Tab" && matchMedia(NARROW).matches && !event.target.closest("dialog")) this.#trap(event);
  }

  #trap(event) {
    const stops = [...this.#parts.panel.querySelectorAll("button, textarea, summary, input, [tabindex='0']")];
    const seen = stops.filter((stop) => !stop.disabled && stop.checkVisibility());
    const at = this.shadowRoot.activeElement;
    const [edge, other] = event.shiftKey ? [seen[0], seen.at(-1)] : [seen.at(-1), seen[0]];
    if (at !== edge) return;
    event.preventDefault();
    other.focus();
  }

  #say(text, about) {
    this.#messages.toEnd();
    return this.#session.send(text, about).then(() => this.#messages.toEnd());
  }

  #tried(promise) {
    return promise.catch((problem) => this.#warn(problem.message || this.#t("failed")));
  }

  async #person() {
    this.#parts.person.disabled = true;
    await this.#tried(this.#session.handOff());
    this.#draw();
  }

  /** Let the customer choose a file and send it; what became of it is said in the banner and in the talk. */
  #attach(ticketId) {
    const input = h("input", { type: "file", accept: "image/jpeg,image/png,image/webp,image/gif,application/pdf" });
    input.addEventListener("change", async () => {
      this.#warn(this.#t("uploading"));
      await this.#tried(this.#session.attach(input.files[0], ticketId).then(() => this.#warn(null)));
      this.#messages.toEnd();
    });
    input.click();
  }

  /** Pictures need the token of a header, so they are fetched; a host page may allow data: but no other address. */
  async #show(id, picture) {
    const answer = await this.#api.open("GET", `/v1/files/${id}`).catch(() => null);
    if (!answer) return;
    const reader = new FileReader();
    reader.addEventListener("load", () => picture.setAttribute("src", reader.result));
    reader.readAsDataURL(await answer.blob());
  }

  #end() {
    const t = this.#t;
    const answer = (word, act) => h("button", { type: "button", onclick: act }, t(word));
    const dialog = h("dialog.ask", { "aria-label": t("end_ask") }, h("p", {}, t("end_ask")));
    const close = () => dialog.close();
    const end = () => this.#tried(this.#session.close()).finally(close);
    dialog.append(h("div.choices", {}, answer("end_yes", end), answer("end_no", close)));
    dialog.addEventListener("close", () => dialog.remove());
    this.#parts.panel.append(dialog);
    dialog.showModal();
  }

  #warn(text) {
    clearTimeout(this.#parts.timer);
    this.#parts.warning = text;
    this.#draw();
    if (text && text !== this.#t("uploading")) this.#parts.timer = setTimeout(() => this.#warn(null), 6000);
  }

  #label() {
    const t = this.#t;
    const parts = this.#parts;
    const shop = this.#session?.shop;
    parts.name.textContent = shop ? pick(shop.name, this.#lang) : t("assistant");
    parts.minimise.setAttribute("aria-label", t("minimise"));
    parts.language.textContent = t("language");
    parts.language.setAttribute("aria-label", t("language_label"));
    parts.language.lang = this.#lang === "zh" ? "en" : "zh-CN";
    parts.language.hidden = shop?.languages?.length === 1;
    parts.end.textContent = t("end");
    parts.replies.setAttribute("aria-label", t("quick"));
    this.#composer.words(t);
    this.#parts.ended.sign = null;
  }

  #draw() {
    if (this.#drawing || !this.#t) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.#drawNow();
    });
  }

  #drawNow() {
    const session = this.#session;
    const shop = session.shop;
    this.#messages.draw(session, shop && pick(shop.greeting, this.#lang), performance.now());
    this.#drawHead();
    this.#drawBanner();
    this.#drawReplies();
    this.#drawEnd();
    this.#drawUnread();
  }

  #drawHead() {
    const { owner, agent } = this.#session.log.owner;
    const { person, sub } = this.#parts;
    const { closed } = this.#session.log;
    const word = closed ? "person" : { assistant: "person", queue: "person_queued", agent: "person_here" }[owner];
    person.lastChild.textContent = this.#t(word);
    person.disabled = owner !== "assistant" || closed;
    sub.textContent = owner === "agent" ? `${agent} · ${this.#t("agent")}` : this.#t("about_ai");
  }

  #drawBanner() {
    const { link, state, id, shop } = this.#session;
    const { banner, warning } = this.#parts;
    let text = warning ?? "";
    if (!navigator.onLine) text = this.#t("offline");
    else if (state === "signed_out") text = this.#t(shop ? "signed_out" : "start_failed");
    else if (id && link === "retrying") text = this.#t("reconnecting");
    if (banner.textContent !== text) banner.textContent = text;
    banner.hidden = !text;
  }

  #drawReplies() {
    const { log, shop, outbox } = this.#session;
    const first = log.lastSeq === 0 && outbox.length === 0;
    const offered = first ? (shop?.quick_replies ?? []) : log.closed || outbox.length ? [] : log.quickReplies;
    const sign = JSON.stringify([offered, this.#lang]);
    const { replies } = this.#parts;
    if (replies.sign === sign) return;
    replies.sign = sign;
    const say = ({ text }) => this.#say(pick(text, this.#lang));
    const button = (reply) => h("button.quiet", { type: "button", onclick: () => say(reply) }, pick(reply.label, this.#lang));
    replies.replaceChildren(...offered.map(button));
    replies.hidden = offered.length === 0;
    this.#messages.toEnd();
  }

  #drawEnd() {
    const { log, id } = this.#session;
    const { ended, end } = this.#parts;
    const sign = `${log.closed}|${log.rating?.seq}|${this.#lang}`;
    this.#composer.node.hidden = log.closed;
    end.hidden = !id || log.closed || log.lastSeq === 0;
    if (ended.sign === sign) return;
    ended.sign = sign;
    ended.replaceChildren(log.closed ? rating(this.#session, this.#tools()) : "");
    this.#messages.toEnd();
  }

  #drawUnread() {
    const { log } = this.#session;
    const open = !this.#parts.panel.hidden;
    if (open) this.#read = log.lastSeq;
    const unread = log.items.filter(({ entry, speaker }) => entry.seq > this.#read && speaker !== "customer").length;
    const { button, badge } = this.#launcher;
    button.hidden = open;
    badge.textContent = unread || "";
    badge.hidden = unread === 0;
    button.setAttribute("aria-label", unread ? this.#t("open_unread", { n: unread }) : this.#t("open"));
  }
}

// The round button, the line to write on, the rating at the end.

const DRAG_PX = 6;

/** A button whose place is kept in `memory`; `press()` is called for a press that is not a drag. */
function launcher(host, memory, press) {
  const badge = h("span.unread", { "aria-hidden": "true" });
  const button = h("button.launcher", { type: "button", "aria-haspopup": "dialog" }, icon("chat"), badge);
  let drag = null;
  place(host, memory.get("place"));
  button.addEventListener("pointerdown", ({ clientX: x, clientY: y }) => {
    drag = { x, y, moved: false };
  });
  button.addEventListener("pointermove", (event) => {
    if (!drag || event.buttons !== 1) return;
    drag.moved ||= Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > DRAG_PX;
    if (!drag.moved) return;
    button.setPointerCapture(event.pointerId);
    const up = Math.min(Math.max(0, innerHeight - event.clientY - 44), innerHeight - 120);
    place(host, { side: event.clientX < innerWidth / 2 ? "left" : "right", up });
  });
  button.addEventListener("pointerup", () => {
    if (drag?.moved) memory.set("place", { side: host.dataset.side, up: Number.parseFloat(host.style.getPropertyValue("--up")) });
  });
  button.addEventListener("click", () => {
    const dragged = drag?.moved;
    drag = null;
    if (!dragged) press();
  });
  return { button, badge };
}

function place(host, kept) {
  if (!kept) return;
  host.dataset.side = kept.side;
  host.style.setProperty("--up", `${Math.min(kept.up, Math.max(0, innerHeight - 120))}px`);
}

const MAX_TEXT = 4000;
const TALLEST_PX = 140;

/** {node, field, words(t)}; `send(text)` gets a trimmed text that is not empty, `attach()` asks for a file. */
function composer(send, attach) {
  const field = h("textarea", { rows: "1", maxlength: MAX_TEXT, enterkeyhint: "send", autocomplete: "off" });
  const button = h("button.send", { type: "submit" }, icon("send"));
  const clip = h("button.icon-button", { type: "button", onclick: attach }, icon("clip"));
  const submit = (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (!text || field.disabled) return;
    field.value = "";
    grow(field);
    send(text);
  };
  field.addEventListener("input", () => grow(field));
  field.addEventListener("keydown", (event) => {
    // 229: some browsers end the composition before they tell of the key that ended it
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    submit(event);
  });
  const node = h("form.composer", { onsubmit: submit }, clip, field, button);
  return { node, field, words: (t) => (label(field, button, t), clip.setAttribute("aria-label", t("attach"))) };
}

function label(field, button, t) {
  field.setAttribute("aria-label", t("composer"));
  field.setAttribute("aria-description", t("keys"));
  field.setAttribute("placeholder", t("placeholder"));
  button.setAttribute("aria-label", t("send"));
}

function grow(field) {
  field.style.setProperty("height", "auto");
  field.style.setProperty("height", `${Math.min(field.scrollHeight + 2, TALLEST_PX)}px`);
}

/** A form that calls `rate(score, words)` once and `again()` for a new talk. */
function rating(session, { t, rate, again }) {
  const anew = h("button.quiet", { type: "button", onclick: again }, t("again"));
  if (session.log.rating) return h("div.ended", {}, anew);
  const scores = [1, 2, 3, 4, 5].map((n) =>
    h("label", {}, h("input", { type: "radio", name: "score", value: n, required: true, "aria-label": t("rate_n", { n }) }), h("span", { "aria-hidden": "true" }, String(n))),
  );
  const words = h("textarea", { rows: "2", maxlength: "1000", "aria-label": t("rate_words"), placeholder: t("rate_words") });
  const ends = h("div.ends", { "aria-hidden": "true" }, h("span", {}, t("rate_low")), h("span", {}, t("rate_high")));
  const send = h("button.primary", { type: "submit" }, t("rate_send"));
  const submit = (event) => {
    event.preventDefault();
    send.disabled = true;
    const score = Number(new FormData(event.target).get("score"));
    rate(score, words.value.trim()).catch(() => {
      send.disabled = false;
    });
  };
  const choice = h("fieldset", {}, h("legend", {}, t("rate")), h("div.scores", {}, scores), ends);
  return h("form.ended", { onsubmit: submit }, choice, words, h("div.choices", {}, send, anew));
}
