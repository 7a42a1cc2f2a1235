// The words a statement rests on: the exact quote, shown in its paragraph, with document, version and time in force.

import { clausePath } from "./api.js";
import { badge, pairs } from "./cards.js";
import { h, icon } from "./dom.js";
import { date } from "./format.js";

const MEANING = { in_force: "good", announced: "wait", draft: "wait", contested: "wait", history: "risk" };

/** Open a dialog on `host` for a citation, or for a clause reference alone ({clause}). Esc and the button close it. */
export function showQuote(host, citation, { t, lang, api }) {
  const close = h("button.icon-button", { type: "button", "aria-label": t("close") }, icon("close"));
  const body = h("div.body", { tabindex: "0", role: "document" });
  const title = h("h2", { id: "quote-title" }, citation.title ?? t("quote"));
  const dialog = h("dialog.quote", { "aria-labelledby": "quote-title" }, h("div.head", {}, title, close), body);
  const back = host.getRootNode().activeElement;
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    back?.focus();
  });
  body.append(...content(citation, null, { t, lang }), h("p.hint", { role: "status" }, t("quote_loading")));
  host.append(dialog);
  dialog.showModal();
  api
    .json("GET", clausePath(citation.clause, lang))
    .then((clause) => {
      if (!citation.title) title.replaceChildren(clause.title);
      body.replaceChildren(...content(citation, clause, { t, lang }));
    })
    .catch(() => body.lastChild.replaceChildren(t("quote_missing")));
}

export function content(citation, clause, { t, lang }) {
  const about = { ...citation, ...clause, text: undefined };
  const status = about.status ?? "in_force";
  const policy = citation.policy ?? citation.clause.split("#")[0];
  const level = about.level && h("span", {}, t(`level_${about.level}`));
  return [
    h("p.meta", {}, clause || citation.title ? badge(MEANING[status], t(`status_${status}`)) : null, level || null),
    paragraph(citation.text, clause),
    pairs([
      [t("version"), clause?.version ?? policy.split("@")[1]],
      [t("in_force"), clause || citation.title ? window_(about, t, lang) : null],
      [t("source"), clause?.source],
    ]),
  ];
}

/** The paragraph with the quote marked where it stands; the quote alone until the paragraph is known. */
function paragraph(quote, clause) {
  const heading = [clause?.heading ?? []].flat().at(-1);
  const head = heading ? h("h3", {}, heading) : null;
  const at = quote && clause ? clause.text.indexOf(quote) : -1;
  if (!clause || (quote && at < 0)) return h("blockquote", {}, head, quote ? h("mark", {}, quote) : null);
  const { text } = clause;
  if (!quote) return h("blockquote", {}, head, text);
  return h("blockquote", {}, head, text.slice(0, at), h("mark", {}, quote), text.slice(at + quote.length));
}

function window_({ in_force_from: from, in_force_to: to }, t, lang) {
  const values = { from: from && date(from, lang), to: to && date(to, lang) };
  if (from && to) return t("from_until", values);
  if (from) return t("from", values);
  return to ? t("until", values) : t("open_ended");
}
