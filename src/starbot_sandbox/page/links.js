// Links. Those to tickets, issues, incidents and messages of this world open them on this page.

import { el } from "./dom.js";

const INSIDE = [
  ["ticket", /\/(?:agent\/)?tickets\/(\d+)/],
  ["issue", /\/([\w./-]+?)\/-\/(?:issues|work_items)\/(\d+)/],
  ["message", /\/archives\/(\w+)\/p(\d{10})(\d{6})(?:\?thread_ts=([\d.]+))?/],
  ["incident", /\/incidents\/(\w+)/],
];

let open = () => {};

// Says what opens `kind` ("ticket", "issue", "message", "incident") with what stood in the address.
export function onOpen(opener) {
  open = opener;
}

export function link(address, label) {
  for (const [kind, pattern] of INSIDE) {
    const found = pattern.exec(address);
    if (found) {
      const follow = (event) => {
        event.preventDefault();
        open(kind, ...found.slice(1));
      };
      return el("a", { href: `#${kind}`, title: address, onclick: follow }, label);
    }
  }
  if (!/^(https?:\/\/|mailto:)/i.test(address)) return label;
  return el("a", { href: address, title: address, target: "_blank", rel: "noopener noreferrer" }, label);
}
