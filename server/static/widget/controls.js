// What the customer presses and fills in: the round button, the line to write on, the rating at the end.

import { h, icon } from "./dom.js";

const DRAG_PX = 6;

/** A button whose place is kept in `memory`; `press()` is called for a press that is not a drag. */
export function launcher(host, memory, press) {
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

/** A form that calls `rate(score, words)` once and `again()` for a new talk. */
export function rating(session, { t, rate, again }) {
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
