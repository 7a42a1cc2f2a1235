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
