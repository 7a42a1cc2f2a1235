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
