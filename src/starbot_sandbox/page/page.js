// Puts the page together: who is told of changes, where links lead, the tabs of a small screen, the theme.

import { byId, tell } from "./dom.js";
import * as guide from "./guide.js";
import * as levers from "./levers.js";
import { onOpen } from "./links.js";
import * as slack from "./slack.js";
import { listen, subscribe, world } from "./store.js";
import * as timeline from "./timeline.js";
import * as vendors from "./vendors.js";

const main = byId("main");

function showTab(name) {
  main.dataset.tab = name;
  for (const each of document.querySelectorAll("#tabs button")) each.setAttribute("aria-pressed", String(each.dataset.tab === name));
}

function follow(kind, ...parts) {
  if (kind === "ticket") vendors.openTicket(parts[0]);
  if (kind === "issue") vendors.openIssue(...parts);
  if (kind === "message") {
    const [place, seconds, fraction, root] = parts;
    if (!slack.openMessage(place, `${seconds}.${fraction}`, root)) return;
  }
  if (kind === "incident" && !world.has(`incident/${parts[0]}`)) tell("That incident is not in this world.");
  showTab({ ticket: "zendesk", issue: "gitlab", message: "slack", incident: "pagerduty" }[kind]);
}

// A pane that is opened wide leaves the others their heads.
function widen(event) {
  const pane = event.currentTarget.closest(".pane");
  const wide = !pane.classList.contains("wide");
  for (const each of document.querySelectorAll(".pane")) each.classList.toggle("wide", wide && each === pane);
  byId("panes").classList.toggle("one-wide", wide);
}

function theme() {
  const dark = document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "light" : "dark";
}

function tick() {
  levers.ticked();
  vendors.ticked();
}

for (const each of document.querySelectorAll("#tabs button")) each.addEventListener("click", () => showTab(each.dataset.tab));
for (const each of document.querySelectorAll(".widen")) each.addEventListener("click", widen);
byId("theme").addEventListener("click", theme);
byId("guide-lever").addEventListener("click", guide.begin);
onOpen(follow);
slack.begin();
vendors.begin();
timeline.begin();
levers.attach();
for (const part of [slack, vendors, timeline, levers, guide]) subscribe(part.changed);
subscribe(() => document.body.classList.add("live"));
subscribe(tick);
setInterval(tick, 1000);
listen((offline) => byId("offline").toggleAttribute("hidden", !offline));
