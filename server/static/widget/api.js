// Requests to the server: the token in a header only, renewed once when it is refused, errors as problem+json.

const PATIENCE_MS = 20000;

/** A refused request. `status` 0 means that no answer came. `detail` is for people, in the language asked for. */
export class Problem extends Error {
  constructor(status, { code = "", title = "", detail = "" } = {}) {
    super(detail || title || code);
    this.status = status;
    this.code = code;
  }

  /** Worth trying again with the same client id. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** The customer's token: given by the page, or fetched from the page's own `data-token-url`; else a guest's, from the server. */
export class Tokens {
  #origin;
  #url;
  #token = null;

  constructor(origin, url) {
    this.#origin = origin;
    this.#url = url;
  }

  /** Speak as whom `token` names; null is a guest. */
  set(token) {
    this.#token = token;
  }

  /** A token, or null when none can be had. `fresh` drops the one in hand, because the server refused it. */
  async get(fresh = false) {
    if (fresh) {
      this.#token = null;
      guestMemory()?.removeItem("xiaoer:guest");
    }
    if (this.#token) return this.#token;
    const found = (await this.#fromPage()) ?? (await this.#guest());
    // the page may have signed somebody in while we waited: its word counts
    return (this.#token ??= found);
  }

  async #fromPage() {
    if (!this.#url) return null;
    const answer = await fetch(this.#url, { method: "POST", credentials: "same-origin" }).catch(() => null);
    return answer?.ok ? ((await answer.json().catch(() => null))?.token ?? null) : null;
  }

  /** A guest keeps one token for as long as the tab is open, so that a reload finds the talk again. */
  async #guest() {
    const kept = guestMemory()?.getItem("xiaoer:guest");
    if (kept) return kept;
    const init = { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" };
    const answer = await fetch(`${this.#origin}/v1/guests`, init).catch(() => null);
    const token = answer?.ok ? (await answer.json()).token : null;
    if (token) guestMemory()?.setItem("xiaoer:guest", token);
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

function guestMemory() {
  try {
    return window.sessionStorage;
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

  /** The response of a request that succeeded; raises `Problem`. */
  async open(method, path, { body, headers = {}, signal } = {}) {
    let answer = await this.#send(method, path, { body, headers, signal });
    if (answer.status === 401 && (await this.#tokens.get(true))) {
      answer = await this.#send(method, path, { body, headers, signal });
    }
    if (answer.ok) return answer;
    throw new Problem(answer.status, await answer.json().catch(() => ({})));
  }

  /** The JSON of an answer, or null when it has none. */
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

/** An id nobody else makes, also on pages without a secure context. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
