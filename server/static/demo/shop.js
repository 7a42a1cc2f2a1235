// The demo shop's page: products, a choice of customers, their orders, and questions to try. The chat is the widget's own.

import { applyBrand, date, h, money, pick } from "../widget/dom.js";
import { words } from "../widget/words.js";
import { WORDS } from "./words.js";

const EXAMPLES = ["ask_rules", "ask_size", "ask_compare", "ask_status", "ask_refund", "ask_price", "ask_invoice", "ask_person"];
const $ = (selector) => document.querySelector(selector);
const page = { lang: "zh", shop: null, products: [], customers: [], customer: null, token: null, orders: [], t: null };

async function json(path, { method = "GET", body } = {}) {
  const headers = { "Accept-Language": page.lang === "en" ? "en" : "zh-CN" };
  if (page.token) headers.Authorization = `Bearer ${page.token}`;
  if (body) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) }).catch(() => null);
  return answer?.ok ? answer.json() : null;
}

/** The widget's tag is async: it may be there before this module or after it. */
async function chat() {
  while (!window.XiaoerChat) await new Promise((resolve) => setTimeout(resolve, 50));
  return window.XiaoerChat;
}

const ask = async (text, about) => (await chat()).ask(text, about);

async function signIn(customer) {
  const issued = await json("/demo/sign-in", { method: "POST", body: { customer_id: customer.customer_id } });
  if (!issued) return;
  Object.assign(page, { customer, token: issued.token });
  sessionStorage.setItem("demo:customer", customer.customer_id);
  $("#customers").open = false;
  await loadOrders();
  await (await chat()).signIn(issued.token);
}

async function signOut() {
  Object.assign(page, { customer: null, token: null, orders: [] });
  sessionStorage.removeItem("demo:customer");
  $("#customers").open = false;
  draw();
  await (await chat()).signOut();
}

async function loadOrders() {
  page.orders = page.token ? ((await json("/demo/orders")) ?? []) : [];
  draw();
}

function draw() {
  const { t, lang, shop, customer } = page;
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  const name = shop ? pick(shop.name, lang) : $("#shop-name").textContent;
  $("#shop-name").textContent = name;
  document.title = name;
  $("#language").textContent = t("language");
  $("#language").lang = lang === "zh" ? "en" : "zh-CN";
  $("#who").textContent = customer?.name ?? t("guest");
  $("#customers summary").setAttribute("aria-label", `${t("menu")}: ${$("#who").textContent}`);
  drawCustomers();
  drawOrders();
  drawProducts();
  const example = (key) => h("li", {}, h("button.chip", { type: "button", onclick: () => ask(t(key)) }, t(key)));
  $("#examples").replaceChildren(...EXAMPLES.map(example));
}

function drawCustomers() {
  const { t, customer } = page;
  const row = (one) => {
    const current = one.customer_id === customer?.customer_id;
    const body = [h("b", {}, one.name), h("small", {}, one.note)];
    return h("li", {}, h("button", { type: "button", "aria-pressed": String(current), onclick: () => signIn(one) }, body));
  };
  const out = customer ? [h("li", {}, h("button", { type: "button", onclick: signOut }, t("sign_out")))] : [];
  $("#customers ul").replaceChildren(...page.customers.map(row), ...out);
}

function drawOrders() {
  const { t, lang, orders, customer } = page;
  $("#orders").hidden = !customer;
  const rows = orders.map((order) => orderRow(order.data ?? order, t, lang));
  $("#orders ul").replaceChildren(...(rows.length ? rows : [h("li.none", {}, t("no_orders"))]));
}

function orderRow(order, t, lang) {
  const [first, ...others] = order.lines;
  const name = pick(first.name, lang);
  const more = others.length ? ` ${t("more", { n: others.length })}` : "";
  const when = order.paid_at ? date(order.paid_at, lang) : "";
  const about = () => ask(t("about_order_text", { id: order.order_id }), { orderId: order.order_id });
  return h(
    "li.order",
    {},
    tile(name),
    h("div.what", {}, h("b", {}, name + more), h("small", {}, `${order.order_id} · ${when}`)),
    h("div.state", {}, h("span", {}, pick(order.state_label, lang)), h("b.num", {}, money(order.paid))),
    h("button", { type: "button", "aria-label": `${t("about_order")} ${order.order_id}`, onclick: about }, t("about_order")),
  );
}

function tile(name, category = "") {
  const tone = [...category].reduce((sum, sign) => sum + sign.codePointAt(0), 0) % 5;
  return h(`span.tile.tone-${tone}`, { "aria-hidden": "true" }, /\p{L}/u.exec(name)?.[0] ?? "");
}

function drawProducts() {
  const { t, lang, products } = page;
  $("#products").hidden = products.length === 0;
  const cell = (product) => {
    const name = pick(product.name, lang);
    const about = () => ask(t("about_product_text", { name }));
    return h(
      "li.product",
      {},
      tile(name, product.category),
      h("h3", {}, name),
      h("p.num", {}, t("price_from", { price: money(product.price_from) })),
      h("button", { type: "button", "aria-label": `${t("about_product")} ${name}`, onclick: about }, t("about_product")),
    );
  };
  $("#products ul").replaceChildren(...products.map(cell));
}

function setLang(lang) {
  page.lang = lang;
  page.t = words(lang, WORDS);
  document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
  localStorage.setItem("demo:lang", lang);
  draw();
}

async function start() {
  const preferred = localStorage.getItem("demo:lang") ?? (navigator.language.startsWith("zh") ? "zh" : "en");
  setLang(preferred);
  $("#language").addEventListener("click", () => {
    setLang(page.lang === "zh" ? "en" : "zh");
    loadOrders();
  });
  document.addEventListener("click", (event) => {
    if (!$("#customers").contains(event.target)) $("#customers").open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") $("#customers").open = false;
  });
  const [shop, products, customers] = await Promise.all(["/v1/shop", "/demo/products", "/demo/customers"].map((path) => json(path)));
  Object.assign(page, { shop, products: products ?? [], customers: customers ?? [] });
  if (shop) applyBrand(document.documentElement, shop.brand_color);
  draw();
  const before = page.customers.find((one) => one.customer_id === sessionStorage.getItem("demo:customer"));
  if (before) await signIn(before);
}

start();
