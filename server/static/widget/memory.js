// What survives a reload, in this browser only: the conversation's id, unsent messages, the launcher's place. Never a token.

function storage(kind) {
  try {
    const found = window[kind];
    found.setItem("xiaoer", "1");
    return found;
  } catch {
    return null;
  }
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
