// One customer's talk with the shop: sends, listens, resumes. Knows nothing of the screen; `changed()` says "look again".

export class Session {
  #api;
  #tokens;
  #memory;
  #changed;
  #stream = null;
  #era = 0;
  #sent = Promise.resolve();
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
    this.#sent = Promise.resolve();
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

  /** Send a photo or a PDF as evidence, for a case if one is named. */
  async attach(file, ticketId) {
    await this.#ensure();
    const form = new FormData();
    form.append("file", file);
    form.append("client_id", newId());
    if (ticketId) form.append("ticket_id", ticketId);
    return this.#api.json("POST", this.#path("/files"), form);
  }

  /** Ask for something on a case of one's own: a proposal follows. */
  move(ticketId, body) {
    return this.#api.json("POST", this.#path(`/tickets/${encodeURIComponent(ticketId)}`), { client_id: newId(), ...body });
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

  /** One behind the other: two requests at once may arrive in either order. */
  #post(message) {
    const era = this.#era;
    message.state = "sending";
    this.#changed();
    this.#sent = this.#sent.then(() => (era === this.#era ? this.#deliver(message) : undefined));
    return this.#sent;
  }

  async #deliver(message) {
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

// What the log says, as things to show. Pure: entries in, items out.

const NOTES = new Set(["handed_off", "taken_over", "given_back", "closed", "rated"]);
const GROUP_MINUTES = 5;

export class Log {
  #entries = [];
  lastSeq = 0;

  /** Take a logged entry once; false when it was known. Entries come in the order of `seq`. */
  add(entry) {
    if (entry.seq <= this.lastSeq) return false;
    this.lastSeq = entry.seq;
    this.#entries.push(entry);
    return true;
  }

  has(clientId) {
    return this.#entries.some((entry) => entry.kind === "asked" && entry.client_id === clientId);
  }

  get owner() {
    const last = this.#entries.findLast((entry) => ["handed_off", "taken_over", "given_back"].includes(entry.kind));
    if (last?.kind === "taken_over") return { owner: "agent", agent: last.agent };
    return { owner: last?.kind === "handed_off" ? "queue" : "assistant", agent: null };
  }

  get closed() {
    return this.#entries.some((entry) => entry.kind === "closed");
  }

  get rating() {
    return this.#entries.findLast((entry) => entry.kind === "rated") ?? null;
  }

  /** The message whose turn is not over yet and that the assistant is to answer, or null. */
  get open() {
    const asked = this.#entries.findLast((entry) => entry.kind === "asked" || entry.kind === "answered");
    const after = (entry) => entry.seq > (asked?.seq ?? 0);
    const over = (entry) => ["done", "failed", "handed_off", "taken_over", "closed"].includes(entry.kind) && after(entry);
    return asked && this.owner.owner === "assistant" && !this.#entries.some(over) ? asked : null;
  }

  get quickReplies() {
    const last = this.#entries.findLast((entry) => ["done", "asked", "agent_said"].includes(entry.kind));
    return last?.kind === "done" && this.owner.owner === "assistant" ? (last.quick_replies ?? []) : [];
  }

  /** What to show, in order: {key, sign, kind, speaker, at, entry, first, divider, …}. */
  get items() {
    const items = this.#entries.map((entry) => this.#item(entry)).filter(Boolean);
    let before = null;
    for (const item of items) {
      item.divider = !before || new Date(item.at) - new Date(before.at) > GROUP_MINUTES * 60000;
      item.first = item.divider || before.speaker !== item.speaker;
      item.sign += `|${item.first}|${item.divider}`;
      before = item;
    }
    return items;
  }

  #item(entry) {
    const { kind, seq, at } = entry;
    const item = { key: `s${seq}`, sign: kind, kind, at, entry, speaker: "note" };
    if (kind === "asked") return { ...item, key: `c${entry.client_id}`, speaker: "customer" };
    if (kind === "attached") return { ...item, speaker: "customer" };
    if (kind === "agent_said") return { ...item, speaker: "agent" };
    if (kind === "said") return this.#said(item);
    if (kind === "proposed") return this.#proposed(item);
    if (kind === "acted") return { ...item, speaker: "assistant", proposed: this.#proposal(entry.proposal_id) };
    if (kind === "failed") return { ...item, speaker: "assistant", asked: this.#failedMessage(entry) };
    return NOTES.has(kind) ? item : null;
  }

  #said(item) {
    const { turn, seq } = item.entry;
    const cited = this.#entries.filter((entry) => entry.kind === "cited" && entry.turn === turn);
    const citations = new Map(cited.map(({ citation }) => [citation.mark, citation]));
    const spent = this.#entries.some((entry) => entry.kind === "asked" && entry.seq > seq);
    return { ...item, speaker: "assistant", citations, spent, sign: `said|${citations.size}|${spent}` };
  }

  #proposed(item) {
    const id = item.entry.proposal_id;
    const answered = this.#entries.find((entry) => entry.kind === "answered" && entry.proposal_id === id);
    const expired = !answered && new Date(this.#entries.at(-1).at) > new Date(item.entry.expires_at);
    const state = answered?.answer ?? (expired || this.closed ? "expired" : "waiting");
    return { ...item, speaker: "assistant", state, sign: `proposed|${state}` };
  }

  #proposal(id) {
    return this.#entries.find((entry) => entry.kind === "proposed" && entry.proposal_id === id);
  }

  /** The customer's message a failure belongs to, unless it was answered later. */
  #failedMessage({ seq, retryable }) {
    const asked = this.#entries.findLast((entry) => entry.kind === "asked" && entry.seq < seq);
    const later = this.#entries.some((entry) => entry.seq > seq && ["said", "asked"].includes(entry.kind));
    return retryable && !later ? (asked ?? null) : null;
  }
}

// Requests to the server: the token in a header only, renewed once when it is refused, errors as problem+json.

const PATIENCE_MS = 20000;
const UPLOAD_MS = 120000;

/** A refused request. `status` 0 means that no answer came. `detail` is for people, in the language asked for. */
export class Problem extends Error {
  constructor(status, { title, detail } = {}) {
    super(detail || title);
    this.status = status;
  }

  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** The customer's token: from the page, from its `data-token-url`, else a guest's from the server. */
export class Tokens {
  #origin;
  #url;
  #token = null;
  #given = false;
  #asking = null;
  #tab = storage("sessionStorage");

  constructor(origin, url) {
    this.#origin = origin;
    this.#url = url;
  }

  set(token) {
    this.#token = token;
    this.#given = token !== null;
  }

  /** A token, or null when none can be had. `fresh` drops the one in hand, because the server refused it. */
  async get(fresh = false) {
    if (fresh) {
      this.#token = null;
      this.#tab?.removeItem("xiaoer:guest");
    }
    if (this.#token) return this.#token;
    // a customer whose token ran out is asked to sign in, never made a guest behind their back
    if (this.#given && !this.#url) return null;
    this.#asking ??= this.#fromPage().finally(() => {
      this.#asking = null;
    });
    const found = await this.#asking;
    // the page may have signed somebody in while we waited: its word counts
    return (this.#token ??= found);
  }

  async #fromPage() {
    if (!this.#url) return this.#guest();
    const answer = await fetch(this.#url, { method: "POST", credentials: "same-origin" }).catch(() => null);
    return (answer?.ok && (await answer.json().catch(() => null))?.token) || this.#guest();
  }

  /** A guest keeps one token for as long as the tab is open, so that a reload finds the talk again. */
  async #guest() {
    const kept = this.#tab?.getItem("xiaoer:guest");
    if (kept) return kept;
    const init = { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" };
    const answer = await fetch(`${this.#origin}/v1/guests`, init).catch(() => null);
    const token = answer?.ok ? (await answer.json()).token : null;
    if (token) this.#tab?.setItem("xiaoer:guest", token);
    return token;
  }

  /** Whose token it is, only to keep the conversations of two customers apart in this browser. */
  get subject() {
    try {
      const [, payload] = this.#token.split(".");
      return JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))).sub ?? "";
    } catch {
      return "";
    }
  }
}

/** A browser storage that works, or null: some pages forbid it. */
export function storage(kind) {
  try {
    window[kind].setItem("xiaoer", "1");
    return window[kind];
  } catch {
    return null;
  }
}

export class Api {
  #origin;
  #tokens;
  lang = "zh";

  constructor(origin, tokens) {
    this.#origin = origin;
    this.#tokens = tokens;
  }

  async open(method, path, { body, headers = {}, signal } = {}) {
    let answer = await this.#send(method, path, { body, headers, signal });
    if (answer.status === 401 && (await this.#tokens.get(true))) {
      answer = await this.#send(method, path, { body, headers, signal });
    }
    if (answer.ok) return answer;
    throw new Problem(answer.status, await answer.json().catch(() => ({})));
  }

  async json(method, path, body) {
    const answer = await this.open(method, path, { body, signal: AbortSignal.timeout(body instanceof FormData ? UPLOAD_MS : PATIENCE_MS) });
    return answer.json().catch(() => null);
  }

  async #send(method, path, { body, headers, signal }) {
    const token = await this.#tokens.get();
    const all = { "Accept-Language": this.lang, ...headers };
    if (token) all.Authorization = `Bearer ${token}`;
    const json = body && !(body instanceof FormData);
    if (json) all["Content-Type"] = "application/json";
    const init = { method, headers: all, signal, body: json ? JSON.stringify(body) : body, cache: "no-store" };
    return fetch(this.#origin + path, init).catch((error) => {
      if (signal?.aborted && error.name === "AbortError") throw error;
      throw new Problem(0);
    });
  }
}

/** A clause reference or id as a path: the language is dropped, `#` escaped. */
export function clausePath(clause, lang) {
  const ref = clause.replace(/\/(zh|en)$/, "");
  return `/v1/clauses/${ref.split("/").map(encodeURIComponent).join("/")}?lang=${lang}`;
}

export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Server-sent events read by fetch, because EventSource cannot send the token in a header and a URL must not carry it.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15000;
const SILENCE_MS = 45000;

/** The events of an SSE body as {id, event, data}; data is parsed JSON. Ends when the body ends. */
export async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      rest += value;
      const blocks = rest.split(/\r\n\r\n|\n\n|\r\r/);
      rest = blocks.pop();
      for (const block of blocks) yield parse(block);
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function parse(block) {
  const found = { id: null, event: "message", data: null };
  const data = [];
  for (const line of block.split(/\r\n|\n|\r/)) {
    const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line);
    if (name === "data") data.push(value);
    else if (name === "id" || name === "event") found[name] = value;
  }
  if (data.length) found.data = JSON.parse(data.join("\n"));
  return found;
}

/** Keeps one event stream alive: resumes after the last id, backs off with jitter, comes back when the network does. */
export class Stream {
  #open;
  #hear;
  #link;
  #stop = null;
  #wake = () => {};
  #online = () => this.#wake();

  /** `open(signal)` fetches a response; `hear(event)` takes each event; `link(state)` hears live, retrying, offline, gone. */
  constructor(open, hear, link) {
    this.#open = open;
    this.#hear = hear;
    this.#link = link;
  }

  start() {
    if (this.#stop) return;
    this.#stop = new AbortController();
    window.addEventListener("online", this.#online);
    this.#run(this.#stop.signal);
  }

  stop() {
    this.#stop?.abort();
    this.#stop = null;
    window.removeEventListener("online", this.#online);
    this.#wake();
  }

  async #run(signal) {
    let wait = FIRST_WAIT_MS;
    while (!signal.aborted) {
      const { heard, retry, gone } = await this.#once(signal);
      if (signal.aborted) return;
      if (gone) {
        this.stop();
        this.#link("gone");
        return;
      }
      wait = heard ? FIRST_WAIT_MS : Math.min(wait * 2, LONGEST_WAIT_MS);
      this.#link(navigator.onLine ? "retrying" : "offline");
      await this.#pause(retry ?? wait * (0.5 + Math.random() / 2));
    }
  }

  async #once(signal) {
    const silence = new AbortController();
    let timer = 0;
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
    };
    let heard = false;
    try {
      alive();
      const response = await this.#open(AbortSignal.any([signal, silence.signal]));
      this.#link("live");
      for await (const event of events(response.body)) {
        alive();
        heard = true;
        if (event.event === "goodbye") return { heard, retry: event.data?.retry_ms };
        if (event.data) this.#hear(event);
      }
    } catch (error) {
      if ([401, 403, 404].includes(error.status)) return { heard, gone: true };
      if (error.status === undefined && !["AbortError", "TypeError"].includes(error.name)) reportError(error);
    } finally {
      clearTimeout(timer);
    }
    return { heard };
  }

  #pause(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
