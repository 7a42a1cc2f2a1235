// One brand colour from the shop becomes two, readable in light and dark (WCAG 2.2, 1.4.3: contrast at least 4.5:1).

const LIGHT_GROUND = [246, 245, 242];
const DARK_GROUND = [33, 36, 43];
const WHITE = [255, 255, 255];
const DARK_INK = [23, 25, 30];
const ENOUGH = 4.6;

export function parse(colour) {
  const hex = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(colour?.trim() ?? "")?.[1];
  if (!hex) return null;
  const full = hex.length === 3 ? [...hex].map((digit) => digit + digit).join("") : hex;
  return [0, 2, 4].map((at) => Number.parseInt(full.slice(at, at + 2), 16));
}

function luminance(rgb) {
  const [r, g, b] = rgb.map((channel) => {
    const c = channel / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

function toward(rgb, goal, grounds) {
  for (let step = 0; step <= 50; step += 1) {
    const mixed = rgb.map((channel, n) => Math.round(channel + ((goal[n] - channel) * step) / 50));
    if (grounds.every((ground) => contrast(mixed, ground) >= ENOUGH)) return mixed;
  }
  return goal;
}

/** The pair nearest to `rgb` that is readable as text on our grounds and under the text we put on it. */
export function readable(rgb) {
  return { light: toward(rgb, [0, 0, 0], [LIGHT_GROUND, WHITE]), dark: toward(rgb, WHITE, [DARK_GROUND, DARK_INK]) };
}

export function applyBrand(element, colour) {
  const rgb = parse(colour);
  if (!rgb) return;
  const { light, dark } = readable(rgb);
  element.style.setProperty("--brand-light", `rgb(${light.join(" ")})`);
  element.style.setProperty("--brand-dark", `rgb(${dark.join(" ")})`);
}
