// One version of a document: what it is, what may be done with it, its versions, differences, clauses and history.

import { h, icon, moment } from "/widget/dom.js";
import { headForm } from "./head_form.js";
import { marks, path, state, window_ } from "./shown.js";

export function whole(version, tools) {
  const { t, lang, role } = tools;
  const supervises = role() === "supervisor";
  const scope = (names) => (names.length ? names.join(", ") : t("anywhere"));
  const facts = [
    ["of_window", window_(version, t, lang())],
    ["of_level", version.level ? t(`level_${version.level}`) : "—"],
    ["of_status", version.status ? t(`status_${version.status}`) : "—"],
    ["of_platforms", scope(version.platforms)],
    ["of_regions", scope(version.regions)],
    ["of_categories", scope(version.categories)],
    ["of_audiences", version.audiences.length === 1 ? t(`to_${version.audiences[0]}`) : t("everyone")],
    ["of_origin", version.origin],
    ["of_lang", t(version.lang)],
  ];
  const gone = version.state === "withdrawn";
  const opens = !version.confirmed && !gone;
  const form = supervises && !gone ? part(t(opens ? "head" : "head_right"), headForm(version, tools), opens) : null;
  return h(
    "article",
    { "aria-label": version.title },
    h("header", {}, h("h3", {}, version.title), h("p.tags", {}, state(version, t), marks(version, t), version.holds && version.state === "published" ? h("span.state", {}, t("holds")) : null, h("code", {}, version.key))),
    opens ? null : h("dl.facts", {}, facts.map(([label, value]) => h("div", {}, h("dt", {}, t(label)), h("dd", {}, value)))),
    form,
    supervises ? actions(version, tools) : null,
    version.family.length > 1 ? versions(version, tools) : null,
    part(t("part_clauses", { n: version.clauses_total }), clauses(version, t), true),
    part(t("part_history"), h("ul", {}, version.changes.map((change) => h("li", {}, t(`change_${change.what}`), change.who ? ` · ${change.who}` : "", " ", h("time", { datetime: change.at }, moment(change.at, lang()))))), false),
  );
}

function part(title, body, open) {
  return h("details.block", { open }, h("summary", {}, title, icon("down")), body);
}

function clauses(version, t) {
  const rows = version.clauses.map((clause) => h("li", {}, h("small", {}, `#${clause.ref.split("#")[1]} `, clause.heading.join(" › ")), h("p", {}, clause.text)));
  const more = version.clauses_total - version.clauses.length;
  return [h("ol.clauses", {}, rows), more > 0 ? h("p.hint", {}, t("clauses_more", { n: more })) : null];
}

function versions(version, { t, api, lang, show }) {
  const place = h("div.diff", { "aria-live": "polite" });
  const rows = version.family.map((one) => {
    const here = one.key === version.key;
    return h("li", {}, h("button.link", { type: "button", "aria-current": here && "true", onclick: () => show(one.key) }, one.version), " ", state(one, t), marks(one, t), h("small", {}, window_(one, t, lang())));
  });
  const compare = async () => {
    try {
      place.replaceChildren(...differences(await api.json("GET", path("diff", version.key)), t));
    } catch (error) {
      place.replaceChildren(h("p.problem", {}, t("failed", { text: error.message })));
    }
  };
  return part(t("part_versions"), [h("ul.versions", {}, rows), h("button.quiet", { type: "button", onclick: compare }, t("compare")), place], true);
}

function differences(found, t) {
  const rows = found.changes.map((change) => {
    const [before, after] = marked(change.before, change.after);
    return h(
      "li",
      {},
      h("span.state", {}, t(`diff_${change.what}`)),
      h("small", {}, change.heading.join(" › ")),
      before && h("p.before", {}, h("span.sr", {}, t("diff_before"), ": "), h("del", {}, before)),
      after && h("p.after", {}, h("span.sr", {}, t("diff_after"), ": "), h("ins", {}, after)),
    );
  });
  return [h("h4", {}, t("part_diff", { before: found.before })), rows.length ? h("ul", {}, rows) : h("p.hint", {}, t("diff_none"))];
}

const WORD = /[\w.]/;

/** Two texts with what lies between their common beginning and end marked. */
function marked(before, after) {
  if (before === null || after === null) return [before && [before], after && [after]];
  const least = Math.min(before.length, after.length);
  let start = 0;
  while (start < least && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < least - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  // a number or Latin word is marked whole
  while (start > 0 && WORD.test(before[start - 1])) start -= 1;
  while (end > 0 && WORD.test(before.at(-end))) end -= 1;
  return [before, after].map((text) => [text.slice(0, start), h("mark", {}, text.slice(start, text.length - end)), text.slice(text.length - end)]);
}

/** What a supervisor may do with the version; what takes a text away is asked twice. */
function actions(version, { t, act }) {
  const place = h("div.actions");
  const problem = h("p.problem", { role: "alert" });
  const run = async (verb, name, button) => {
    problem.textContent = "";
    button.disabled = true;
    try {
      await act(verb, name);
    } catch (error) {
      problem.textContent = t("failed", { text: error.message });
      draw();
    }
  };
  const press = (word, verb, name) => h("button.quiet", { type: "button", onclick: (event) => run(verb, name, event.target) }, t(word));
  const ask = (word, verb, name, what = verb) => h("button.quiet", { type: "button", onclick: () => sure(verb, name, what) }, t(word));
  const sure = (verb, name, what) => {
    const yes = h("button.danger", { type: "button", onclick: (event) => run(verb, name, event.target) }, t(`sure_${what}`));
    place.replaceChildren(h("span", {}, t(`warn_${what}`)), yes, h("button.quiet", { type: "button", onclick: draw }, t("sure_no")));
    yes.focus();
  };
  const published = version.family.filter((one) => one.state === "published").length;
  function draw() {
    const shown = [
      version.state === "draft" && !version.confirmed ? press("do_publish", "publish", version.key) : null,
      version.state === "withdrawn" ? press("do_publish_again", "publish", version.key) : null,
      version.state === "published" && !version.holds ? ask("do_restore", "rollback", version.key) : null,
      version.holds && published > 1 ? ask("do_rollback", "rollback", version.id) : null,
      version.state === "published" ? press("do_draft", "draft", version.key) : null,
      version.state === "draft" ? ask("do_discard", "withdraw", version.key, "discard") : null,
      version.state === "published" ? ask("do_withdraw", "withdraw", version.id) : null,
    ];
    place.replaceChildren(...shown.filter(Boolean));
  }
  draw();
  return h("div", {}, place, problem);
}
