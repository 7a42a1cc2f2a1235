// The round button: opens the chat, counts what was not read, can be dragged out of the way and stays where it was put.

import { h, icon } from "./dom.js";

const DRAG_PX = 6;

/** A button whose place is kept in `memory`; `press()` is called for a press that is not a drag. */
export function launcher(host, memory, press) {
  const badge = h("span.unread", { "aria-hidden": "true" });
  const button = h("button.launcher", { type: "button", "aria-haspopup": "dialog" }, icon("chat"), badge);
  let drag = null;
  place(host, memory.get("place"));
  button.addEventListener("pointerdown", ({ clientX: x, clientY: y }) => {
    drag = { x, y, moved: false };
  });
  button.addEventListener("pointermove", (event) => {
    if (!drag || event.buttons !== 1) return;
    drag.moved ||= Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > DRAG_PX;
    if (!drag.moved) return;
    button.setPointerCapture(event.pointerId);
    const up = Math.min(Math.max(0, innerHeight - event.clientY - 44), innerHeight - 120);
    place(host, { side: event.clientX < innerWidth / 2 ? "left" : "right", up });
  });
  button.addEventListener("pointerup", () => {
    if (drag?.moved) memory.set("place", { side: host.dataset.side, up: Number.parseFloat(host.style.getPropertyValue("--up")) });
  });
  button.addEventListener("click", () => {
    const dragged = drag?.moved;
    drag = null;
    if (!dragged) press();
  });
  return { button, badge };
}

function place(host, kept) {
  if (!kept) return;
  host.dataset.side = kept.side;
  host.style.setProperty("--up", `${Math.min(kept.up, Math.max(0, innerHeight - 120))}px`);
}
