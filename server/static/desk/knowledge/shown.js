// How documents are shown on every tab: states in words and colour, windows, days of the trade's clock.

import { date, h, icon } from "/widget/dom.js";

const DAY = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai" });
const STATES = { published: "good", draft: "wait", withdrawn: "risk" };

/** The day of an instant as an input of type date takes it. */
export const dayOf = (at) => (at ? DAY.format(new Date(at)) : "");

/** The last day of a window whose end is exclusive. */
export const lastDay = (end) => (end ? DAY.format(new Date(Date.parse(end) - 1)) : "");

/** The exclusive end of a window whose last day is `day`. */
export const afterDay = (day) => (day ? DAY.format(new Date(Date.parse(`${day}T00:00:00+08:00`) + 86400000)) : null);

export function state(version, t) {
  const level = STATES[version.state];
  return h(`span.state.${level}`, {}, icon(level), t(`state_${version.state}`));
}

/** What is to be known about a version beside its state. */
export function marks(version, t) {
  return [
    version.broken ? h("span.state.risk", {}, icon("risk"), t("broken")) : null,
    version.confirmed || version.broken || version.state === "withdrawn" ? null : h("span.state.wait", {}, icon("wait"), t("to_confirm")),
  ];
}

export function window_(version, t, lang) {
  if (version.undated) return t("undated");
  if (!version.in_force_from && !version.in_force_to) return t("always");
  const from = version.in_force_from ? date(version.in_force_from, lang) : t("open_start");
  const to = version.in_force_to ? date(Date.parse(version.in_force_to) - 1, lang) : t("open_end");
  return t("from_to", { from, to });
}

export const path = (verb, name) => `/v1/desk/documents/${verb}/${name.split("/").map(encodeURIComponent).join("/")}`;
