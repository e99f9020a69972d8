// The levers: the clock, faults, the bot's process, the scenario.

import { byId, dismissMenu, el, fill, menu, tell } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";
import { act, all, now, page, post, world } from "./store.js";
import { describe } from "./timeline.js";

const MINUTE = 60000;
const BRISBANE = 10 * 60 * MINUTE;
const SERVICES = [["gitlab", "GitLab"], ["zendesk", "Zendesk"], ["pagerduty", "PagerDuty"], ["slack", "Slack"]];
const BREAKS = [
  ["down", { kind: "status", status: 503 }],
  ["slow", { kind: "delay_after", delay_s: 3 }],
  ["429", { kind: "status", status: 429, retry_after: 10 }],
  ["answers lost", { kind: "drop_after", times: 3 }],
];

// -- the clock

const forward = (seconds) => act("clock", { advance_s: seconds });
const goTo = (moment) => act("clock", { set: new Date(moment).toISOString() });

function nextBreach() {
  const due = [...all("ticket")].filter((each) => !["solved", "closed"].includes(each.status)).flatMap((each) => each.sla.map((one) => [Date.parse(one.breach_at), each]));
  return due.filter(([at]) => at > now()).sort(([one], [other]) => one - other)[0];
}

// Saturday 10:30 in Brisbane, which knows no summer time.
function saturday() {
  const there = new Date(now() + BRISBANE);
  const midnight = Date.UTC(there.getUTCFullYear(), there.getUTCMonth(), there.getUTCDate());
  const days = (6 - there.getUTCDay() + 7) % 7;
  const at = midnight + days * 1440 * MINUTE + 630 * MINUTE - BRISBANE;
  return at > now() ? at : at + 7 * 1440 * MINUTE;
}

function clockMenu(event) {
  const breach = nextBreach();
  menu(event.currentTarget, [
    ["10 minutes on", () => forward(600)],
    ["1 hour on", () => forward(3600)],
    ["To the next SLA breach", () => (breach ? goTo(breach[0] + 1000) : tell("No SLA clock runs.")), breach ? `ticket ${breach[1].id}` : "no clock runs"],
    ["To Saturday in Brisbane", () => goTo(saturday()), new Date(saturday()).toUTCString().slice(0, 22)],
  ]);
}

export function ticked() {
  const at = new Date(now());
  byId("clock").textContent = `${at.toUTCString().slice(0, 11)} ${at.toISOString().slice(11, 19)} UTC`;
}

// -- faults

async function mend(service = "") {
  await fetch(`/_sandbox/faults${service ? `?service=${service}` : ""}`, { method: "DELETE" });
}

function breakMenu(event) {
  const open = world.get("faults") ?? [];
  const rows = SERVICES.map(([service, name]) => {
    const mine = open.filter((each) => each.service === service);
    const breaks = BREAKS.map(([label, order]) => el("button", { type: "button", data: { break: `${service} ${label}` }, onclick: async () => {
      await mend(service);
      act("faults", { service, ...order });
      dismissMenu();
    } }, label));
    const well = el("button", { type: "button", disabled: !mine.length, data: { mend: service }, onclick: () => (mend(service), dismissMenu()) }, "mend");
    return el("div", { class: "breaks" }, el("b", {}, name), breaks, well, mine.length ? el("small", {}, mine.map(describe).join("; ")) : "");
  });
  menu(event.currentTarget, [...rows, ["Mend all", () => mend()]], { wide: true });
}

// -- the bot

const ask = (action) => act("app", { action });

function appMenu(event) {
  const app = world.get("app");
  if (!app) {
    tell("This sandbox was given no bot. “starbot demo” starts one with it, or start one yourself: see the end of the page.");
    return;
  }
  menu(event.currentTarget, app.running ? [["Kill it", () => ask("kill"), "without a word, as a crash does"], ["Stop it", () => ask("stop"), "as a restart does"]] : [["Start it", () => ask("start"), "with all that it remembers"]]);
}

function drawApp() {
  const app = world.get("app");
  const heard = world.get("heard");
  const button = byId("app");
  button.classList.toggle("running", heard && app?.running !== false);
  button.classList.toggle("ended", Boolean(app && !app.running));
  button.textContent = app && !app.running ? "Bot is down" : heard ? "Bot runs" : app ? "Bot starts …" : "No bot listens";
}

// -- scenarios

export async function begin(name) {
  const hadApp = Boolean(world.get("app"));
  if (hadApp) await post("app", { action: "kill" });
  await act("reset", { scenario: name });
  // A bot that remembers another world would be as lost as its users.
  if (hadApp) await act("app", { action: "fresh" });
}

export function scenarios() {
  const dialog = byId("scenarios");
  fill(
    dialog,
    el("header", {}, el("h2", {}, "Scenarios"), el("button", { type: "button", class: "quiet", "aria-label": "Close", onclick: () => dialog.close() }, "✕")),
    el("div", { class: "modal-body cards" }, page.about.scenarios.map(card)),
  );
  if (!dialog.open) dialog.showModal();
}

function card({ name, title, about, tries }) {
  const start = async () => {
    byId("scenarios").close();
    await begin(name);
  };
  return el(
    "article",
    { class: name === page.about.scenario ? "card present" : "card" },
    el("h3", {}, title, el("code", {}, name)),
    el("p", {}, about),
    el("p", {}, el("b", {}, "Try")),
    el("ul", {}, tries.map((each) => el("li", {}, mrkdwn(each)))),
    el("button", { type: "button", class: "primary", data: { scenario: name }, onclick: start }, name === page.about.scenario ? "Begin it anew" : "Begin"),
  );
}

export function changed({ set, first }) {
  if (first) {
    const present = page.about.scenarios.find((each) => each.name === page.about.scenario);
    byId("scenario").textContent = present?.title ?? page.about.scenario;
  }
  if (first || set.includes("app") || set.includes("heard")) drawApp();
  if (first || set.includes("faults")) {
    const open = world.get("faults") ?? [];
    byId("break").classList.toggle("broken", open.length > 0);
    byId("break").textContent = open.length ? `Broken: ${[...new Set(open.map((each) => each.service))].join(", ")}` : "Break something";
    byId("break").title = open.map((each) => `${each.service} ${describe(each)}`).join("; ");
  }
}

export function attach() {
  byId("clock-lever").addEventListener("click", clockMenu);
  byId("break").addEventListener("click", breakMenu);
  byId("app").addEventListener("click", appMenu);
  byId("scenario").addEventListener("click", scenarios);
  byId("reset").addEventListener("click", () => begin(page.about.scenario));
}
