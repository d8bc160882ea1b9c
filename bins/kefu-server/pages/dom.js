// Elements made of attributes and text nodes. Nothing that anybody wrote is ever parsed as HTML.

/**
 * Makes an element. Attributes: `class`, `onclick` and the like, anything else as it is; `null` and
 * `false` leave one out. Children: elements and texts; `null` leaves one out.
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Replaces what is in an element. */
export function fill(element, ...children) {
  element.replaceChildren(...children.filter((child) => child !== null && child !== undefined));
}

/** An address that may stand in `src` or `href`, or `null`: never a script. */
export function safeAddress(text) {
  if (typeof text !== "string" || text === "") return null;
  try {
    const url = new URL(text, location.origin);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

/** A time of day; with the date when it is not today. */
export function clock(ms) {
  const at = new Date(ms);
  const time = at.toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit" });
  if (at.toDateString() === new Date().toDateString()) return time;
  return `${at.getMonth() + 1}-${at.getDate()} ${time}`;
}
