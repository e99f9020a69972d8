// The first five minutes: what to do next, and a check mark when it has been done, whoever did it.

import { byId, el, fill } from "./dom.js";
import { all, page, world } from "./store.js";
import { openForm, openPlace, sitDown } from "./slack.js";
import { begin as beginScenario } from "./levers.js";

const LENA = "U0LENA";
const CASEY = "U0CASEY";
const STARS = "C0STARS";
const KEY = "sandbox-guide";

const root = () => [...all("message")].filter((each) => each.workflow_id).at(-1);
const has = (name) => root()?.reactions?.some((one) => one.name === name);
const issue = () => [...all("issue")].at(-1);
const cards = () => [...all("message")].filter((each) => each.thread_ts === root()?.ts && each.bot_id === page.about.bot.bot_id);
const card = () => JSON.stringify(cards()[0] ?? "");
const question = () => [...all("message")].filter((each) => each.channel === `D${LENA.slice(1)}`).at(-1);

const STEPS = [
  {
    title: "Ask for attention",
    text: "You are Casey Lin. A customer goes live tomorrow and ticket 123456 waits. Send the STAR form: the answers are filled in.",
    act: ["Open the STAR form", () => (sitDown(CASEY), openPlace(STARS), openForm())],
    done: () => Boolean(root()),
  },
  {
    title: "Look at the four systems",
    text: "The bot announced it in the channel, opened a confidential issue in GitLab, asked PagerDuty who is on call, and left an internal note on the ticket. The time line has each call.",
    done: () => Boolean(cards().length && issue()?.notes.length),
  },
  {
    title: "Become the manager on call",
    text: "Lena Vogt is named in the card. Sit down as Lena, above the channels, and add 👀 to the form post, or press Acknowledge.",
    act: ["Sit down as Lena", () => (sitDown(LENA), openPlace(STARS))],
    done: () => card().includes("has been looking"),
  },
  {
    title: "Triage",
    text: "Press Triage on the card. Choose a category and a decision, and write the next step. Card and issue follow.",
    done: () => /Decision: |Category: /.test(card()),
  },
  {
    title: "Resolve it",
    text: "Put ✅ (:green-check-mark:) on the form post, or press Resolve. The issue is closed with the final disposition.",
    done: () => has("green-check-mark") && issue()?.state === "closed",
  },
  {
    title: "Pull the plug",
    text: "Now the interesting part. Press “Bot runs” above and kill it. Send another STAR as Casey, for ticket 123460. Nothing happens. Then start the bot: it finds what it missed.",
    act: ["Send another as Casey", () => (sitDown(CASEY), openPlace(STARS), openForm())],
    done: () => [...all("issue")].length > 1 && world.get("app")?.running !== false,
  },
];

let open = false;
let at = 0;

export function begin() {
  open = true;
  at = 0;
  remember("open");
  draw();
}

function end() {
  open = false;
  remember("done");
  draw();
}

function remember(word) {
  try {
    localStorage.setItem(KEY, word);
  } catch {
    // A browser that keeps nothing offers it again.
  }
}

function remembered() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

export function offer() {
  if (remembered()) return;
  const later = () => {
    remember("later");
    fill(byId("guide"));
  };
  fill(byId("guide"), el("section", { class: "guide", "aria-label": "Guide" }, el("h2", {}, "New here?"), el("p", {}, "Five minutes: file a STAR, follow it through four systems, and pull the plug in the middle."), el("div", { class: "deeds" }, el("button", { type: "button", class: "primary", id: "guide-begin", onclick: begin }, "Show me"), el("button", { type: "button", onclick: later }, "I'll look around"))));
}

function draw() {
  const box = byId("guide");
  if (!open) {
    fill(box);
    return;
  }
  if (page.about.scenario !== "weekday") {
    fill(box, el("section", { class: "guide", "aria-label": "Guide" }, el("h2", {}, "The first five minutes"), el("p", {}, "They are played on the weekday."), el("div", { class: "deeds" }, el("button", { type: "button", class: "primary", onclick: () => beginScenario("weekday") }, "Begin the weekday"), el("button", { type: "button", onclick: end }, "Close"))));
    return;
  }
  while (at < STEPS.length && STEPS[at].done()) at += 1;
  const step = STEPS[at];
  const count = step ? `${at + 1} of ${STEPS.length}: ${step.title}` : "The first five minutes";
  const list = el("ol", { class: "steps" }, STEPS.map((each, number) => el("li", { class: number < at ? "done" : number === at ? "present" : "" }, each.title)));
  const said = step ? [el("p", { "aria-live": "polite" }, step.text), el("div", { class: "deeds" }, step.act ? el("button", { type: "button", class: "primary", onclick: step.act[1] }, step.act[0]) : "", el("button", { type: "button", onclick: end }, "Close the guide"))] : [el("p", {}, "That was all. Try another scenario: each has a card that says what to try."), el("div", { class: "deeds" }, el("button", { type: "button", class: "primary", onclick: end }, "Done"))];
  fill(box, el("section", { class: "guide", "aria-label": "Guide" }, el("h2", {}, count), said, list));
}

export function changed({ first }) {
  if (first && open) at = 0;
  if (open) {
    const before = at;
    while (at < STEPS.length && STEPS[at].done()) at += 1;
    if (at !== before || first) draw();
  } else if (first) offer();
}
