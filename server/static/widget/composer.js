// Where the customer writes. Enter sends, Shift+Enter starts a line, and Enter inside an input method chooses a word.

import { h, icon } from "./dom.js";

const MAX_TEXT = 4000;
const TALLEST_PX = 140;

/** {node, field, words(t), enable(on)}; `send(text)` gets a trimmed text that is not empty. */
export function composer(send) {
  const field = h("textarea", { rows: "1", maxlength: MAX_TEXT, enterkeyhint: "send", autocomplete: "off" });
  const button = h("button.send", { type: "submit" }, icon("send"));
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
  const node = h("form.composer", { onsubmit: submit }, field, button);
  return { node, field, words: (t) => label(field, button, t) };
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
