// After-sale cases in the sidebar: where each stands, what its customer has shown, and what may be done next.

import { h, icon, moment, money } from "/widget/dom.js";
import { clauseInput, nameOf } from "./authority.js";

/** The cases of `orders` (cards), each opened by a press; null when there are none. */
export function casesOf(orders, tools) {
  const all = orders.flatMap((order) => order.data.tickets ?? []);
  return all.length ? block("case_cases", all.map((row) => lazy(row, tools)), tools) : null;
}

/** The shop's open cases, the most urgent first. */
export function waitingCases(tools) {
  const list = h("div", {});
  tools.api.json("GET", "/v1/desk/tickets").then((rows) => {
    const shown = rows.slice(0, 12).map((row) => lazy(row, tools));
    list.replaceChildren(...(shown.length ? shown : [h("p.hint", {}, tools.t("case_none"))]));
  }, () => null);
  return block("case_waiting", list, tools);
}

function block(name, body, tools) {
  return h("details.block", { open: true }, h("summary", {}, tools.t(name), icon("down")), body);
}

/** One case as a line that opens to all about it. */
function lazy(row, tools) {
  const { t } = tools;
  const urgent = row.escalated_at ? t("case_overdue") : row.alert ? t("case_alert", { n: row.alert }) : null;
  const flag = urgent && h(`span.state.${row.escalated_at ? "risk" : "wait"}`, {}, icon(row.escalated_at ? "risk" : "wait"), urgent);
  const body = h("div", {});
  const node = h("details.case", {}, h("summary", {}, h("span", {}, headline(row)), " ", h("small", {}, row.ticket_id), flag), body);
  node.addEventListener("toggle", () => node.open && !body.firstChild && load(row.ticket_id, body, tools));
  return node;
}

const headline = (row) => `${row.kind_label} · ${row.state_label}`;

async function load(id, body, tools, problem = "") {
  const found = await tools.api.json("GET", `/v1/desk/tickets/${encodeURIComponent(id)}`).catch((error) => error);
  if (found instanceof Error) return body.replaceChildren(h("p.problem", { role: "alert" }, found.message));
  return draw(found, body, tools, problem);
}

const parts = (words, lang) => words.join(lang === "zh" ? "；" : "; ");

function draw({ row, history, files, missing, seller_evidence: seller, moves }, body, tools, problem) {
  const { t } = tools;
  const at = (instant) => moment(instant, tools.lang());
  const facts = [
    [t("case_next"), t(`party_${row.next}`)],
    [t("case_deadline"), row.deadline && at(row.deadline)],
    [t("case_owner"), row.owner === "assistant" ? t("assistant") : nameOf(row.owner)],
    [t("case_amount"), row.amount === null ? null : money(row.amount)],
    [t("case_reason"), row.reason],
    [t("case_missing"), parts(missing, tools.lang())],
    [t("case_seller"), parts(seller, tools.lang())],
  ].filter(([, value]) => value);
  const path = `/v1/desk/tickets/${encodeURIComponent(row.ticket_id)}`;
  body.closest("details").querySelector("summary span").textContent = headline(row);
  const steps = history.map((step) => h("li", {}, `${at(step.at)} ${step.label} · ${nameOf(step.by)}`, step.why && h("small", {}, step.why)));
  body.replaceChildren(
    h("dl", {}, facts.map(([label, value]) => h("div", {}, h("dt", {}, label), h("dd", {}, value)))),
    ...files.map((file) => evidence(file, tools)),
    h("details", {}, h("summary", {}, t("case_history")), h("ol", {}, steps)),
    form(path, row, moves, files, { t, tools, body }),
    h("p.problem", { role: "alert" }, problem),
    h("a", { href: `${path}/dispute-pack`, download: "" }, t("case_pack")),
  );
}

function evidence(file, { t, lang }) {
  const seen = parts(file.signals.map((signal) => t(`case_${signal}`)), lang());
  const hints = seen ? h("small", {}, t("case_proves_nothing", { hints: seen })) : null;
  return h("p", {}, h("a", { href: `/v1/desk/files/${file.file_id}`, target: "_blank", rel: "noopener" }, file.name), hints);
}

/** What may be done, with the fields that the chosen event cannot go without. */
function form(path, row, moves, files, { t, tools, body }) {
  const event = h("select", { name: "event" }, moves.map((move) => h("option", { value: move.event }, t(`case_e_${move.event}`))));
  const fields = h("div", {});
  const input = (name, label, more = {}) => h("label.field", {}, h("span", {}, label), h("input", { name, ...more }));
  const rule = (must) => {
    const [field, list] = clauseInput(tools.api, { name: "rule", ...must });
    return [h("label.field", {}, h("span", {}, t("case_rule")), field), list];
  };
  const choose = (name, label, values) => h("label.field", {}, h("span", {}, label), h("select", { name }, values.map(([value, word]) => h("option", { value }, word))));
  const shown = (sent) => {
    if (!sent.length) return input("evidence", t("case_evidence_none"), { required: true });
    const ticks = sent.map((file) => h("label.tick", {}, h("input", { type: "checkbox", name: "evidence", value: file.file_id, checked: true }), `${file.name} · ${moment(file.at, tools.lang())}`));
    return h("fieldset", {}, h("legend", {}, t("case_evidence")), ticks);
  };
  const shape = () => {
    const needs = moves.find((move) => move.event === event.value)?.needs ?? [];
    const must = (name) => (needs.includes(name) ? { required: true } : {});
    const paid = ["approve_refund", "approve_return", "pass_inspection", "judge"].includes(event.value) || needs.includes("amount");
    fields.replaceChildren(
      input("why", t("case_why"), must("why")),
      ...(needs.includes("rule") || needs.includes("amount") ? rule(must("rule")) : []),
      needs.includes("appeal") ? input("appeal", t("appeal"), must("appeal")) : "",
      needs.includes("evidence") ? shown(files) : "",
      paid ? input("amount", t("case_yuan"), { type: "number", min: "0", step: "0.01", value: row.amount === null ? "" : row.amount / 100 }) : "",
      needs.includes("favour") ? choose("favour", t("case_favour"), [["customer", t("case_customer")], ["seller", t("case_shop")]]) : "",
      needs.includes("cause") ? choose("cause", t("case_cause"), ["agreed", "authority", "police"].map((cause) => [cause, t(`case_${cause}`)])) : "",
    );
  };
  event.addEventListener("change", shape);
  shape();
  const button = h("button", { type: "submit" }, t("case_send"));
  const submit = async (pressed) => {
    pressed.preventDefault();
    button.disabled = true;
    const filled = new FormData(pressed.target);
    const given = Object.fromEntries([...filled].filter(([, value]) => value));
    if (given.amount) given.amount = Math.round(Number(given.amount) * 100);
    if (given.evidence) given.evidence = filled.getAll("evidence").flatMap((ids) => ids.split(/[,，\s]+/)).filter(Boolean);
    const answer = await tools.api.json("POST", `${path}/events`, given).catch((error) => error);
    if (answer instanceof Error) await load(row.ticket_id, body, tools, answer.message);
    else draw(answer, body, tools, "");
  };
  return moves.length ? h("form.act", { onsubmit: submit }, h("label.field", {}, h("span", {}, t("case_act")), event), fields, button) : "";
}
