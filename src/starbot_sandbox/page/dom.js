// Makes elements. Text goes in as text, always: nothing that somebody wrote is ever read as HTML.

export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "data") Object.assign(node.dataset, value);
    else if (name === "class") node.className = value;
    else if (value === true) node.setAttribute(name, "");
    else node.setAttribute(name, String(value));
  }
  node.append(...flat(children));
  return node;
}

export function fill(node, ...children) {
  node.replaceChildren(...flat(children));
  return node;
}

export const byId = (id) => document.getElementById(id);

// A new node in place of an old one; who had the focus inside keeps it.
export function swap(old, fresh) {
  const focused = old.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  old.replaceWith(fresh);
  if (focused !== undefined) {
    [...fresh.querySelectorAll("[data-key]")].find((node) => node.dataset.key === focused)?.focus();
  }
  return fresh;
}

// Does a long job in slices that are too short to be felt; answers a function that stops it.
export function inSlices(items, work, done = () => {}) {
  let at = 0;
  let stopped = false;
  const slice = () => {
    if (stopped) return;
    const until = performance.now() + 8;
    while (at < items.length && performance.now() < until) work(items[at++]);
    if (at < items.length) setTimeout(slice);
    else done();
  };
  slice();
  return () => (stopped = true);
}

let closeMenu = () => {};

// A menu at a button: rows of [label, what it does]; closes by a choice, Escape or a click elsewhere.
export function menu(anchor, rows, { wide = false } = {}) {
  closeMenu();
  const box = el("div", { class: wide ? "menu wide" : "menu", role: "menu" });
  for (const row of rows) {
    if (row instanceof Node) box.append(row);
    else {
      const [label, act, hint] = row;
      const choose = () => {
        closeMenu();
        act();
      };
      box.append(
        el("button", { type: "button", role: "menuitem", onclick: choose }, label, hint ? el("small", {}, hint) : ""),
      );
    }
  }
  const outside = (event) => {
    if (!box.contains(event.target) && event.target !== anchor) closeMenu();
  };
  const keys = (event) => {
    const buttons = [...box.querySelectorAll("button")];
    const at = buttons.indexOf(document.activeElement);
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      closeMenu();
      anchor.focus();
    } else if (event.key === "ArrowDown") buttons[(at + 1) % buttons.length]?.focus();
    else if (event.key === "ArrowUp") buttons.at(at - 1)?.focus();
  };
  closeMenu = () => {
    document.removeEventListener("pointerdown", outside, true);
    box.remove();
    closeMenu = () => {};
  };
  box.addEventListener("keydown", keys);
  document.addEventListener("pointerdown", outside, true);
  // In a dialog it must be part of it, or it lies below.
  (anchor.closest("dialog") ?? document.body).append(box);
  place(box, anchor.getBoundingClientRect());
  box.querySelector("input, button")?.focus();
  return box;
}

export const dismissMenu = () => closeMenu();

function place(box, at) {
  const { width, height } = box.getBoundingClientRect();
  const below = at.bottom + height < innerHeight;
  box.style.left = `${Math.max(4, Math.min(at.left, innerWidth - width - 4))}px`;
  box.style.top = `${Math.max(4, below ? at.bottom + 2 : at.top - height - 2)}px`;
}

// A short word to whoever sits here; also read aloud.
export function tell(text) {
  const note = el("div", { class: "toast" }, text);
  byId("toasts").append(note);
  setTimeout(() => note.remove(), 7000);
}

// Asks once more; answers whether it may be done.
export function sure({ title, text, confirm, deny }) {
  return new Promise((answer) => {
    const dialog = el("dialog", { class: "modal small", "aria-label": "Are you sure?" });
    const end = (yes) => {
      dialog.remove();
      answer(yes);
    };
    dialog.append(
      el("header", {}, el("h2", {}, title)),
      el("div", { class: "modal-body" }, text),
      el(
        "footer",
        {},
        el("button", { type: "button", onclick: () => end(false) }, deny),
        el("button", { type: "button", class: "primary", onclick: () => end(true) }, confirm),
      ),
    );
    dialog.addEventListener("cancel", () => end(false));
    document.body.append(dialog);
    dialog.showModal();
  });
}

function flat(children) {
  return children.flat(Infinity).filter((each) => each !== null && each !== undefined && each !== false && each !== "");
}
