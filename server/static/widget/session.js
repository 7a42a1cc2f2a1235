// One customer's talk with the shop: sends, listens, resumes. Knows nothing of the screen; `changed()` says "look again".

import { newId, storage } from "./api.js";
import { Log } from "./log.js";
import { Stream } from "./stream.js";

export class Session {
  #api;
  #tokens;
  #memory;
  #changed;
  #stream = null;
  #era = 0;
  id = null;
  log = new Log();
  shop = null;
  outbox = [];
  answering = new Map();
  saying = "";
  hint = null;
  fault = null;
  link = "idle";
  state = "new";

  constructor(api, tokens, memory, changed) {
    this.#api = api;
    this.#tokens = tokens;
    this.#memory = memory;
    this.#changed = changed;
  }

  /** Fetch the shop, then the talk this customer left open, if any. `state`: ready, signed_out or broken. */
  async start() {
    const era = ++this.#era;
    const [shop, token] = await Promise.all([this.shop ?? this.#api.json("GET", "/v1/shop").catch(() => null), this.#tokens.get()]);
    this.shop = shop;
    if (era !== this.#era) return;
    this.state = token ? "ready" : "signed_out";
    const id = token ? this.#memory.get("conversation", this.#tokens.subject) : null;
    if (id) await this.#resume(id, era);
    this.#changed();
  }

  /** Leave the talk as it is and forget it here, e.g. because another customer signed in. */
  leave() {
    this.#era += 1;
    this.#stream?.stop();
    this.#stream = null;
    Object.assign(this, { id: null, log: new Log(), outbox: [], saying: "", hint: null, fault: null, link: "idle", state: "new" });
    this.answering.clear();
  }

  again() {
    this.#memory.set("conversation", null, this.#tokens.subject);
    this.leave();
    return this.start();
  }

  get busy() {
    return this.outbox.some((message) => message.state === "sending") || this.log.open !== null;
  }

  send(text, about = {}) {
    const message = { client_id: newId(), text, ...about, state: "sending", at: new Date().toISOString() };
    this.outbox.push(message);
    return this.#post(message);
  }

  /** Try a message again under its own id: the server takes an id once, so nothing is repeated. */
  retry(clientId) {
    const message = this.outbox.find((waiting) => waiting.client_id === clientId);
    return message ? this.#post(message) : Promise.resolve();
  }

  /** Ask again for the answer to a message that arrived but failed; same id, same text. */
  async repeat({ client_id, text, order_id, sku }) {
    const fault = this.fault;
    this.fault = null;
    this.#changed();
    const again = about({ client_id, text, order_id, sku });
    await this.#api.json("POST", this.#path("/messages"), again).catch((problem) => {
      this.fault = { ...fault, text: problem.message || fault?.text };
    });
    this.#changed();
  }

  async answer(proposalId, answer) {
    const clientId = this.answering.get(proposalId)?.client_id ?? newId();
    this.answering.set(proposalId, { client_id: clientId, state: "sending" });
    this.#changed();
    const body = { client_id: clientId, answer };
    try {
      await this.#api.json("POST", this.#path(`/proposals/${encodeURIComponent(proposalId)}`), body);
    } catch (problem) {
      this.answering.set(proposalId, { client_id: clientId, state: "failed", text: problem.message, again: problem.passing });
    }
    this.#changed();
  }

  async handOff() {
    await this.#ensure();
    await this.#api.json("POST", this.#path("/hand-off"), {});
  }

  close() {
    return this.#api.json("POST", this.#path("/close"), {});
  }

  rate(score, words) {
    return this.#api.json("POST", this.#path("/rating"), words ? { score, words } : { score });
  }

  #path(rest = "") {
    return `/v1/conversations/${encodeURIComponent(this.id)}${rest}`;
  }

  async #post(message) {
    message.state = "sending";
    this.#changed();
    try {
      await this.#ensure();
      await this.#api.json("POST", this.#path("/messages"), about(message));
      message.state = "sent";
    } catch (problem) {
      message.state = "failed";
      message.problem = problem.message;
      if (problem.status === 401) this.state = "signed_out";
    }
    this.#keepOutbox();
    this.#changed();
  }

  #ensure() {
    if (this.id) return Promise.resolve();
    this.opening ??= this.#open().finally(() => {
      this.opening = null;
    });
    return this.opening;
  }

  async #open() {
    const { id } = await this.#api.json("POST", "/v1/conversations", { lang: this.#api.lang, channel: "widget" });
    this.id = id;
    this.#memory.set("conversation", id, this.#tokens.subject);
    this.#listen();
  }

  async #resume(id, era) {
    this.id = id;
    try {
      const found = await this.#api.json("GET", this.#path());
      if (era !== this.#era) return;
      for (const entry of found.entries) this.log.add(entry);
    } catch (problem) {
      if (era !== this.#era) return;
      if (!problem.passing) {
        this.#forget();
        return;
      }
      this.link = "retrying";
    }
    this.outbox = (this.#memory.get("outbox", id) ?? []).filter((message) => !this.log.has(message.client_id));
    if (!this.log.closed) this.#listen();
  }

  #forget() {
    this.#memory.set("conversation", null, this.#tokens.subject);
    this.id = null;
    this.log = new Log();
  }

  #listen() {
    const open = (signal) => {
      const last = this.log.lastSeq ? { "Last-Event-ID": String(this.log.lastSeq) } : {};
      return this.#api.open("GET", this.#path("/events"), { headers: { Accept: "text/event-stream", ...last }, signal });
    };
    this.#stream ??= new Stream(open, this.#hear.bind(this), this.#linked.bind(this));
    this.#stream.start();
  }

  #linked(link) {
    this.link = link;
    this.#changed();
  }

  #hear({ event, data }) {
    if (event === "typing") this.hint = "typing";
    else if (event === "saying") this.saying = data.text ?? "";
    else if (data.seq === undefined) this.#unlogged(event, data);
    else this.#take(data);
    this.#changed();
  }

  /** The turn broke before anything of it was logged: the same message may be sent again. */
  #unlogged(event, data) {
    if (event === "failed") Object.assign(this, { fault: data, saying: "", hint: null });
  }

  #take(entry) {
    if (!this.log.add(entry)) return;
    if (["said", "failed", "done", "taken_over", "agent_said"].includes(entry.kind)) this.saying = "";
    if (["done", "failed"].includes(entry.kind)) this.hint = null;
    this.fault = null;
    if (entry.kind === "answered") this.answering.delete(entry.proposal_id);
    if (entry.kind === "asked") {
      this.outbox = this.outbox.filter((message) => message.client_id !== entry.client_id);
      this.#keepOutbox();
    }
    if (entry.kind === "closed") this.#stream?.stop();
  }

  #keepOutbox() {
    if (this.id) this.#memory.set("outbox", this.outbox.length ? this.outbox : null, this.id);
  }
}

function about({ client_id, text, order_id, sku }) {
  return { client_id, text, ...(order_id ? { order_id } : {}), ...(sku ? { sku } : {}) };
}

/** A small keyed memory for one shop; it forgets at once where the browser forbids storage. */
export class Memory {
  #shop;
  #store = storage("localStorage");

  constructor(shop) {
    this.#shop = shop;
  }

  get(name, subject = "") {
    try {
      return JSON.parse(this.#store?.getItem(this.#key(name, subject)) ?? "null");
    } catch {
      return null;
    }
  }

  set(name, value, subject = "") {
    if (value === null) this.#store?.removeItem(this.#key(name, subject));
    else this.#store?.setItem(this.#key(name, subject), JSON.stringify(value));
  }

  #key(name, subject) {
    return ["xiaoer", this.#shop, subject, name].join(":");
  }
}
