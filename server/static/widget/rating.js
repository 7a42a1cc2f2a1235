// The end of a talk: one to five, and words if the customer likes.

import { h } from "./dom.js";

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
