// Money is an integer in fen, instants are ISO strings; the trade's clock is Asia/Shanghai.

const ZONE = "Asia/Shanghai";
const LOCALE = { zh: "zh-CN", en: "en-GB" };

/** 8900 → "¥89.00". */
export function money(fen) {
  const yuan = Math.floor(Math.abs(fen) / 100).toLocaleString("en-US");
  return `${fen < 0 ? "−" : ""}¥${yuan}.${String(Math.abs(fen) % 100).padStart(2, "0")}`;
}

function format(at, lang, options) {
  return new Intl.DateTimeFormat(LOCALE[lang], { timeZone: ZONE, ...options }).format(new Date(at));
}

export const date = (at, lang) => format(at, lang, { year: "numeric", month: "short", day: "numeric" });

export const clock = (at, lang) => format(at, lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** Day and time, the year only when it is not that of `now`. */
export function moment(at, lang, now = at) {
  const year = new Date(at).getFullYear() === new Date(now).getFullYear() ? {} : { year: "numeric" };
  const options = { ...year, month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return format(at, lang, options);
}

export const minutes = (from, to) => Math.max(0, Math.floor((new Date(to) - new Date(from)) / 60000));

export const pick = (text, lang) => (typeof text === "string" ? text : (text?.[lang] ?? text?.zh ?? ""));
