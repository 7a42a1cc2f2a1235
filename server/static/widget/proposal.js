// A proposal waits for its yes with all its terms on the table; a receipt says what was done. Neither button is the louder one.

import { pairs } from "./cards.js";
import { h, icon } from "./dom.js";
import { money, moment } from "./format.js";

const STATES = { yes: ["good", "answered_yes"], no: ["wait", "answered_no"], expired: ["wait", "expired"] };

/** The card of a `proposed` item. `tools`: {t, lang, answer(id, yes|no), answering(id), cite(ref)}. */
export function proposal({ entry, state }, tools) {
  const settled = STATES[state];
  const { t } = tools;
  return h(
    "details.card.proposal",
    { open: !settled },
    h(
      "summary",
      {},
      h("b", {}, entry.title),
      settled ? badge(settled[0], t(settled[1])) : badge("wait", t("proposal")),
      icon("down"),
    ),
    h("div.body", {}, terms(entry, tools), state === "waiting" ? choice(entry, tools) : null),
  );
}

/** A meaning with its icon and word, never colour alone. */
export function badge(meaning, word) {
  return h(`span.badge.${meaning}`, {}, icon(meaning), word);
}

function terms(entry, { t, lang, cite }) {
  const amount = entry.amount === null || entry.amount === undefined ? null : h("b.num.amount", {}, money(entry.amount));
  const basis = (entry.clauses ?? []).map((ref, n) => {
    const label = t("mark", { n: n + 1, title: ref });
    return h("button.mark", { type: "button", "aria-label": label, onclick: () => cite(ref) }, String(n + 1));
  });
  return [
    pairs([
      [t("amount"), amount],
      ...entry.terms.map(({ label, value }) => [label, value]),
      [t("basis"), basis.length ? basis : null],
    ]),
    entry.needs_agent && h("p.hint", {}, icon("person"), t("needs_agent")),
    h("p.hint", {}, icon("wait"), t("expires", { at: moment(entry.expires_at, lang) })),
  ];
}

function choice(entry, { t, answer, answering }) {
  const under = answering(entry.proposal_id);
  const sending = under?.state === "sending";
  const button = (word, value) =>
    h("button", { type: "button", disabled: sending, onclick: () => answer(entry.proposal_id, value) }, t(word));
  return [
    under?.state === "failed" && h("p.trouble", { role: "alert" }, icon("risk"), under.text || t("failed")),
    sending
      ? h("p.hint", { role: "status" }, t("answering"))
      : h("div.choices", { role: "group", "aria-label": entry.title }, button("confirm", "yes"), button("not_now", "no")),
  ];
}

const ACTED = { done: "good", unknown: "wait", refused: "risk" };

/** The receipt of an `acted` item. */
export function receipt({ entry, proposed }, { t }) {
  const amount = entry.amount ? h("b.num", {}, money(entry.amount)) : null;
  const number = entry.receipt ? h("span.num", {}, entry.receipt) : null;
  const rows = entry.terms.map(({ label, value }) => [label, value]);
  return h(
    "details.card.receipt",
    { open: true },
    h(
      "summary",
      {},
      h("b", {}, proposed?.title ?? t("receipt")),
      badge(ACTED[entry.state], t(`acted_${entry.state}`)),
      icon("down"),
    ),
    h("div.body", {}, pairs([[t("amount"), amount], ...rows, [t("receipt_no"), number]])),
  );
}
