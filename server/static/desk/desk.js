// The desk: sign-in, and the three columns held together. Each column draws itself from what the server says.

import { applyBrand } from "/widget/dom.js";
import { DeskApi, DeskProblem } from "./api.js";
import { Gaps, markStale } from "./gaps.js";
import { Knowledge } from "./knowledge/panel.js";
import { Queue } from "./queue.js";
import { Sidebar } from "./sidebar.js";
import { Talk } from "./talk.js";
import { words } from "./words.js";

const api = new DeskApi();
const at = (id) => document.getElementById(id);
const state = { lang: navigator.language?.startsWith("zh") === false ? "en" : "zh", me: null, open: null, detail: null };
let t = words(state.lang);

const queue = new Queue(at("queue"), { api, t: (...a) => t(...a), choose: open, alert });
const post = (path, body) => api.json("POST", path, body);
const talk = new Talk(at("talk"), { api, t: (...a) => t(...a), lang: () => state.lang, me: () => state.me, changed: refresh, source: quote });
const sidebar = new Sidebar(at("sidebar"), { api, t: (...a) => t(...a), lang: () => state.lang, me: () => state.me, insert: (text) => talk.insert(text), post, changed: refreshAll, effects: () => queue.effects });
const knowledge = new Knowledge(document.querySelector("main"), at("switch"), { api, lang: () => state.lang });
const gaps = new Gaps(document.querySelector("main"), at("switch"), { api, t: (...a) => t(...a), lang: () => state.lang });
let stream = null;

/** Open the quote of a citation below the bubble its chip stands in, or close it again. */
function quote(chip, citation) {
  const bubble = chip.closest(".bubble");
  const open = [...bubble.querySelectorAll("blockquote")].find((node) => node.dataset.mark === String(citation.mark));
  chip.setAttribute("aria-expanded", String(!open));
  if (open) return open.remove();
  const note = document.createElement("blockquote");
  note.dataset.mark = String(citation.mark);
  const from = document.createElement("small");
  from.textContent = ` ${citation.title} · ${citation.policy.split("@")[1] ?? ""} · ${t(`status_${citation.status}`)}`;
  note.append(citation.text, from);
  if (queue.role !== "legal") note.append(markStale(citation, state.open, { api, t }));
  bubble.append(note);
}

function setLang(lang) {
  state.lang = lang;
  api.lang = lang;
  t = words(lang);
  document.documentElement.lang = lang === "en" ? "en" : "zh-CN";
  document.title = t("desk");
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  at("language").textContent = t("language");
  at("language").lang = lang === "en" ? "zh" : "en";
}

function alert(key) {
  at("alerts").textContent = t(key);
}

async function start() {
  setLang(state.lang);
  api
    .json("GET", "/v1/shop")
    .then((shop) => applyBrand(document.documentElement, shop.brand_color))
    .catch(() => null);
  try {
    queue.role = sessionStorage.getItem("xiaoer:desk-role") ?? "agent";
    await queue.load();
    enter();
  } catch (problem) {
    if (!(problem instanceof DeskProblem)) throw problem;
    at("sign-in").hidden = false;
    at("sign-in").elements.name.focus();
  }
}

function enter() {
  state.me = sessionStorage.getItem("xiaoer:desk") ?? "";
  at("who").textContent = `${state.me} · ${t(queue.role)}`;
  at("sign-in").hidden = true;
  at("columns").hidden = false;
  at("leave").hidden = false;
  queue.mine = state.me;
  knowledge.offer(queue.role);
  gaps.offer(queue.role);
  queue.follow();
  talk.draw(null);
  sidebar.draw(null);
}

async function open(id) {
  state.open = id;
  document.body.dataset.view = "talk";
  stream?.stop();
  await refresh();
  stream = api.stream(`/v1/desk/conversations/${id}/events`, later, () => state.detail?.entries.at(-1)?.seq ?? 0);
}

async function refreshAll() {
  await queue.load();
  await refresh();
}

let timer = 0;
function later() {
  clearTimeout(timer);
  timer = setTimeout(refresh, 150);
}

async function refresh() {
  if (!state.open) return;
  state.detail = await api.json("GET", `/v1/desk/conversations/${state.open}`);
  queue.mark(state.open);
  talk.draw(state.detail);
  sidebar.draw(state.detail);
}

at("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  const problem = event.target.querySelector(".problem");
  problem.textContent = "";
  try {
    await api.json("POST", "/desk/sign-in", { name: form.get("name").trim(), role: form.get("role") });
    sessionStorage.setItem("xiaoer:desk", form.get("name").trim());
    sessionStorage.setItem("xiaoer:desk-role", form.get("role"));
    queue.role = form.get("role");
    await queue.load();
    enter();
  } catch (error) {
    problem.textContent = t("failed", { text: error.message });
  }
});

at("leave").addEventListener("click", async () => {
  await api.json("POST", "/desk/sign-out").catch(() => null);
  sessionStorage.removeItem("xiaoer:desk");
  location.reload();
});

at("language").addEventListener("click", () => {
  setLang(state.lang === "zh" ? "en" : "zh");
  queue.load().catch(() => null);
  refresh();
  knowledge.word();
  gaps.word();
  if (!state.open) talk.draw(null), sidebar.draw(null);
});

at("switch").addEventListener("click", () => {
  const side = document.body.dataset.view !== "side";
  document.body.dataset.view = side ? "side" : "talk";
  at("switch").setAttribute("aria-pressed", String(side));
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input, textarea, select");
  if (typing || at("columns").hidden || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "j") queue.move(1);
  else if (event.key === "k") queue.move(-1);
  else if (["1", "2", "3"].includes(event.key)) sidebar.take(Number(event.key) - 1);
  else if (event.key === "e") talk.edit();
  else return;
  event.preventDefault();
});

start();
