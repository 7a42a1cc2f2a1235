// Requests of the desk: the session is a cookie that scripts cannot read, so nothing here knows a token.

import { events, Stream } from "/widget/session.js";

export class DeskProblem extends Error {
  constructor(status, body) {
    super(body?.detail || body?.title || String(status));
    this.status = status;
  }
}

export class DeskApi {
  lang = "zh";

  async open(method, path, { body, signal, headers = {} } = {}) {
    const all = { "Accept-Language": this.lang === "en" ? "en" : "zh-CN", ...headers };
    const form = body instanceof FormData;
    if (body !== undefined && !form) all["Content-Type"] = "application/json";
    const init = { method, headers: all, signal, credentials: "same-origin", cache: "no-store" };
    const answer = await fetch(path, { ...init, body: body === undefined ? null : form ? body : JSON.stringify(body) });
    if (answer.ok) return answer;
    throw new DeskProblem(answer.status, await answer.json().catch(() => null));
  }

  async json(method, path, body) {
    const answer = await this.open(method, path, { body });
    return answer.status === 204 ? null : answer.json();
  }

  /** A stream of `path` that resumes after `last()` and calls `hear` for each event. */
  stream(path, hear, last = () => 0) {
    const open = (signal) => this.open("GET", path, { signal, headers: last() ? { "Last-Event-ID": String(last()) } : {} });
    const stream = new Stream(open, hear, () => {});
    stream.start();
    return stream;
  }
}

export { events };
