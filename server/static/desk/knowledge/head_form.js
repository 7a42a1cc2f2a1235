// The head of a version as a form: what was proposed with the words it rests on, for a person to confirm or correct.

import { h } from "/widget/dom.js";
import { afterDay, dayOf, lastDay } from "./shown.js";

const LEVELS = ["statute", "platform", "category", "shop", "temporary"];
const STATUSES = ["in_force", "announced", "draft", "contested", "history"];
const RESTS = { of_from: ["effective from", "content_date"], of_to: ["effective to"], of_level: ["level"], of_status: ["status"], of_platforms: ["platforms"], of_regions: ["regions"], of_categories: ["categories"] };

/** Fields that hold something also where the text says nothing. */
const DEFAULTED = new Set(["of_level", "of_status"]);

/** `act(verb, name, body)` does it and throws what is refused. */
export function headForm(version, { t, lang, act }) {
  const problem = h("p.problem", { role: "alert" });
  const fields = inputs(version, t);
  const points = (label) => version.proposed.filter((point) => RESTS[label]?.includes(point.field));
  const rows = Object.entries(fields).map(([label, field]) => row(label, field, points(label), version, { t, lang: lang() }));
  const draft = version.state !== "published";
  const word = version.confirmed && !draft ? "do_save" : draft ? "do_confirm" : "do_confirm_only";
  const send = async (event) => {
    event.preventDefault();
    const button = event.submitter;
    problem.textContent = "";
    button.disabled = true;
    try {
      await act("confirm", version.key, changed(fields));
    } catch (error) {
      problem.textContent = t("failed", { text: error.message });
      button.disabled = false;
    }
  };
  return h(
    "form.head-form",
    { onsubmit: send },
    h("p.hint", {}, version.confirmed ? "" : t("head_note"), " ", t("commas")),
    version.undated ? h("p.hint", {}, t("head_date")) : null,
    h("div.fields", {}, rows),
    h("div.foot", {}, h("button.primary", {}, t(word))),
    problem,
  );
}

function inputs(version, t) {
  const list = (names) => ({ input: h("input", { value: names.join(", "), maxlength: "400", placeholder: t("anywhere") }), read: (text) => text.split(/[,，、\s]+/).filter(Boolean) });
  const choice = (names, chosen, word) => h("select", {}, names.map((name) => h("option", { value: name, selected: name === chosen }, t(word(name)))));
  const audience = version.audiences.length === 1 ? version.audiences[0] : "";
  const whom = { "": "everyone", customer: "to_customer", agent: "to_agent" };
  const fields = {
    of_title: { name: "title", input: h("input", { value: version.title, required: true, maxlength: "60" }) },
    of_from: { name: "in_force_from", input: h("input", { type: "date", value: version.undated ? "" : dayOf(version.in_force_from) }), read: (day) => day || null },
    of_to: { name: "in_force_to", input: h("input", { type: "date", value: lastDay(version.in_force_to) }), read: afterDay },
    of_level: { name: "level", input: choice(LEVELS, version.level, (name) => `level_${name}`) },
    of_status: { name: "status", input: choice(STATUSES, version.status, (name) => `status_${name}`) },
    of_platforms: { name: "platforms", ...list(version.platforms) },
    of_regions: { name: "regions", ...list(version.regions) },
    of_categories: { name: "categories", ...list(version.categories) },
    of_audiences: { name: "audiences", input: choice(Object.keys(whom), audience, (name) => whom[name]), read: (name) => (name ? [name] : []) },
  };
  for (const field of Object.values(fields)) field.before = field.input.value;
  return fields;
}

/** Only what a person has changed: the rest stays as it is proposed. */
function changed(fields) {
  const touched = Object.values(fields).filter((field) => field.input.value !== field.before);
  return Object.fromEntries(touched.map((field) => [field.name, field.read ? field.read(field.input.value) : field.input.value.trim()]));
}

function row(label, field, points, version, { t, lang }) {
  const quotes = points.map((point) => {
    const why = lang === "en" && point.why ? ` (${point.why})` : "";
    const use = point.applied ? null : h("button.link", { type: "button", onclick: () => (field.input.value = [field.input.value, point.value].filter(Boolean).join(", ")) }, t("use", { value: point.value }));
    return h("span.rests", {}, t(point.applied ? "rests" : "suggested"), point.quote ? h("q", {}, point.quote.trim().replace(/\s+/g, " ")) : "", why, " ", use);
  });
  const silent = quotes.length || version.confirmed || !DEFAULTED.has(label) ? null : h("span.rests", {}, t("no_quote"));
  return h("div.field-row", {}, h("label.field", {}, h("span", {}, t(label)), field.input), quotes, silent);
}
