// Requests to the server: the token in a header only, renewed once when it is refused, errors as problem+json.

const PATIENCE_MS = 20000;

/** A refused request. `status` 0 means that no answer came. `detail` is for people, in the language asked for. */
export class Problem extends Error {
  constructor(status, { code = "", title = "", detail = "" } = {}) {
    super(detail || title);
    this.status = status;
    this.code = code;
  }

  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** The customer's token: given by the page, or fetched from the page's own `data-token-url`; else a guest's, from the server. */
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
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null;
    });
    const found = await this.#asking;
    // the page may have signed somebody in while we waited: its word counts
    return (this.#token ??= found);
  }

  async #ask() {
    return (await this.#fromPage()) ?? this.#guest();
  }

  async #fromPage() {
    if (!this.#url) return null;
    const answer = await fetch(this.#url, { method: "POST", credentials: "same-origin" }).catch(() => null);
    return answer?.ok ? ((await answer.json().catch(() => null))?.token ?? null) : null;
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
    const answer = await this.open(method, path, { body, signal: AbortSignal.timeout(PATIENCE_MS) });
    return answer.status === 204 ? null : answer.json().catch(() => null);
  }

  async #send(method, path, { body, headers, signal }) {
    const token = await this.#tokens.get();
    const all = { "Accept-Language": this.lang === "en" ? "en" : "zh-CN", ...headers };
    if (token) all.Authorization = `Bearer ${token}`;
    if (body !== undefined) all["Content-Type"] = "application/json";
    const init = { method, headers: all, signal, body: body === undefined ? null : JSON.stringify(body) };
    return fetch(this.#origin + path, { ...init, cache: "no-store" }).catch((error) => {
      if (signal?.aborted && error.name === "AbortError") throw error;
      throw new Problem(0, { code: "unreachable" });
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
