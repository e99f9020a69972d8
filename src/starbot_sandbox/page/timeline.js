// The time line: every request that a vendor received and every delivery that one made, and what was done to the
// world in between. A row opens to its JSON.

import { byId, el, fill, inSlices } from "./dom.js";
import { get, world } from "./store.js";

const MOST = 1000;
const SERVICES = { slack: "Slack", gitlab: "GitLab", zendesk: "Zendesk", pagerduty: "PagerDuty" };
const FAULTS = {
  status: "answered wrong on order",
  delay_before: "served late on order",
  delay_after: "answered late on order",
  drop_before: "cut off on order",
  drop_after: "served, answer lost on order",
  malformed: "garbled on order",
  clock: "wrong clock on order",
};

const box = byId("rows");
let stop = () => {};
let before = {};

const utc = (at) => at.slice(11, 19);

function short(row) {
  let path = row.path.replace(/^\/(slack\/api|gitlab\/api\/v4|zendesk\/api\/v2|pagerduty|zendesk)\//, "");
  try {
    path = decodeURIComponent(path);
  } catch {
    // As it came.
  }
  return row.service === "slack" && row.kind === "request" ? path : `${row.method} ${row.kind === "delivery" ? "" : path}`;
}

function node(row) {
  const delivery = row.kind === "delivery";
  const bad = row.status === 0 || row.status >= 400 || row.gist.startsWith("refused");
  const status = row.status === 0 ? "no answer" : String(row.status);
  return el(
    "button",
    {
      type: "button",
      class: `row ${row.service} ${bad ? "bad" : ""} ${row.fault ? "faulty" : ""}`,
      data: { n: row.n },
      title: delivery ? "delivered to the bot" : "asked by the bot",
      onclick: () => open(row),
    },
    el("time", {}, utc(row.at)),
    el("span", { class: "service" }, delivery ? `${SERVICES[row.service]} → bot` : `bot → ${SERVICES[row.service]}`),
    el("span", { class: "what" }, short(row), row.gist ? el("small", {}, ` ${row.gist}`) : "", row.fault ? el("b", { class: "fault" }, FAULTS[row.fault] ?? row.fault) : ""),
    el("span", { class: "status" }, status),
    el("span", { class: "ms" }, `${Math.round(row.duration_ms)} ms`),
  );
}

// What somebody did to the world stands in the time line too.
function mark(text) {
  put(el("div", { class: "row lever" }, el("span", { class: "what" }, text)));
}

const isAtEnd = () => box.scrollHeight - box.scrollTop - box.clientHeight < 60;

function put(fresh) {
  box.append(fresh);
  while (box.childElementCount > MOST) box.firstElementChild.remove();
}

async function open(row) {
  const [whole] = await get(`journal?since=${row.n - 1}&most=1`);
  const dialog = byId("json");
  const part = (title, value) => [el("h3", {}, title), el("pre", {}, value === null || value === undefined ? "nothing" : typeof value === "string" ? value : JSON.stringify(value, null, 2))];
  if (!whole) return;
  const { request, response, ...head } = whole;
  fill(
    dialog,
    el("header", {}, el("h2", {}, `${SERVICES[row.service]}: ${short(row)}`), el("button", { type: "button", class: "quiet", "aria-label": "Close", onclick: () => dialog.close() }, "✕")),
    el("div", { class: "modal-body" }, part("What happened", head), part(row.kind === "delivery" ? "What was delivered" : "What was asked", request), part("What was answered", response)),
  );
  dialog.showModal();
}

export function changed({ set, gone, rows, first }) {
  if (first) {
    stop();
    fill(box);
    const sorted = rows.slice(-MOST);
    stop = inSlices(sorted, (row) => put(node(row)), () => (box.scrollTop = box.scrollHeight));
  } else {
    const follows = isAtEnd();
    marks(set);
    for (const row of rows) put(node(row));
    if (follows && (rows.length || set.length)) box.scrollTop = box.scrollHeight;
  }
  before = { app: world.get("app"), clock: world.get("clock"), faults: world.get("faults") ?? [] };
}

function marks(set) {
  const app = world.get("app");
  if (set.includes("app") && app && app.running !== before.app?.running) {
    mark(app.running ? `the bot was started (process ${app.pid})` : app.by_itself ? `the bot ended by itself (status ${app.status})` : "the bot was ended");
  }
  if (set.includes("clock") && world.get("clock") !== before.clock) mark("the clock was moved");
  if (set.includes("faults")) {
    const faults = world.get("faults");
    const key = (fault) => JSON.stringify({ ...fault, times: null });
    const known = new Set(before.faults.map(key));
    const left = new Set(faults.map(key));
    for (const fault of faults.filter((each) => !known.has(key(each)))) mark(`${SERVICES[fault.service]} was broken: ${describe(fault)}`);
    for (const fault of before.faults.filter((each) => !left.has(key(each)))) mark(`${SERVICES[fault.service]} is as it should be: no more “${describe(fault)}”`);
  }
}

export function describe(fault) {
  const times = fault.times ? `, ${fault.times} more times` : "";
  const only = fault.method ?? fault.path;
  const what = {
    status: `answers ${fault.status}`,
    delay_before: `serves ${fault.delay_s} s late`,
    delay_after: `answers ${fault.delay_s} s late`,
    drop_before: "cuts off",
    drop_after: "serves, and the answer is lost",
    malformed: "answers nonsense",
    clock: `has a clock that is ${fault.skew_s} s ahead`,
  }[fault.kind];
  return `${what}${only ? ` (${only})` : ""}${times}`;
}

export function begin() {
  const show = (name) => (event) => {
    const off = event.currentTarget.getAttribute("aria-pressed") === "true";
    event.currentTarget.setAttribute("aria-pressed", String(!off));
    box.classList.toggle(`without-${name}`, off);
  };
  const filters = Object.entries(SERVICES).map(([name, label]) => el("button", { type: "button", class: `filter ${name}`, "aria-pressed": "true", onclick: show(name) }, label));
  byId("filters").append(...filters);
  byId("clear-rows").addEventListener("click", () => fill(box));
}

