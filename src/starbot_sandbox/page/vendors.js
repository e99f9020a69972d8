// The three panes beside Slack: the ticket, the issue, and who is on call. Each goes along with what last changed.

import { byId, el, fill, tell } from "./dom.js";
import { link } from "./links.js";
import { markdown } from "./markdown.js";
import { local } from "./mrkdwn.js";
import { act, all, now, page, user, world } from "./store.js";

const shown = { ticket: "", issue: "" };

const clockTime = (iso) => local(new Date(iso), { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const isTypedIn = (pane) => Boolean(byId(pane).querySelector("textarea")?.value);

// A span of time in words, the greater two units.
export function span(ms) {
  const minutes = Math.floor(Math.abs(ms) / 60000);
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24];
  if (days) return `${days} d ${hours} h`;
  if (minutes >= 60) return `${hours} h ${minutes % 60} min`;
  return minutes ? `${minutes} min` : `${Math.floor(Math.abs(ms) / 1000)} s`;
}

// -- Zendesk

function tickets() {
  return [...all("ticket")];
}

export function openTicket(number) {
  if (!world.has(`ticket/${number}`)) return;
  shown.ticket = String(number);
  drawTicket();
}

function drawTicket() {
  const ticket = world.get(`ticket/${shown.ticket}`);
  const choice = byId("ticket-choice");
  fill(choice, tickets().map((each) => el("option", { value: each.id, selected: String(each.id) === shown.ticket }, `#${each.id} ${each.subject}`)));
  if (!ticket) return;
  const facts = [
    ["Organisation", ticket.organization ?? "none"],
    ["Assignee", ticket.assignee ?? "nobody"],
    ["Priority", ticket.priority ?? "none"],
  ];
  fill(
    byId("ticket"),
    el("div", { class: "z-head" }, el("span", { class: `z-status ${ticket.status}` }, ticket.status), el("b", { dir: "auto" }, ticket.subject)),
    el("div", { class: "z-sla" }, ticket.sla.filter((each) => each.stage !== "achieved").map(sla)),
    el("dl", { class: "facts" }, facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))),
    el("div", { class: "tags" }, ticket.tags.map((each) => el("span", { class: "tag" }, each))),
    el("div", { class: "z-comments" }, [...ticket.comments].reverse().map(comment)),
  );
}

function sla(each) {
  const name = each.metric.replaceAll("_", " ");
  if (!each.breach_at) return el("span", { class: "sla" }, `${name}: ${each.stage}`);
  return el("span", { class: "sla", data: { due: each.breach_at, name } }, slaText(each.breach_at, name));
}

function slaText(due, name) {
  const left = Date.parse(due) - now();
  return `⏱ ${name}: ${left < 0 ? `breached ${span(left)} ago` : `${span(left)} left`}`;
}

function comment(each) {
  return el(
    "article",
    { class: each.public ? "comment" : "comment internal" },
    el("header", {}, el("b", {}, each.author), el("span", { class: "kind" }, each.public ? "public reply" : "internal note"), el("time", {}, clockTime(each.at))),
    el("div", { class: "words", dir: "auto" }, withLinks(each.body)),
  );
}

// Zendesk shows a note's text as it is, with links.
function withLinks(text) {
  return text.split(/(https?:\/\/[^\s<>()]+)/).map((part, number) => (number % 2 ? link(part, part) : part));
}

function ticketDeed(event) {
  event.preventDefault();
  const box = byId("ticket-text");
  const action = event.submitter.value;
  const more = action === "solve" ? {} : { body: box.value };
  if (action !== "solve" && !box.value.trim()) return;
  act("zendesk/act", { action, ticket: shown.ticket, ...more }).then((answer) => answer.ok && (box.value = ""));
}

// -- GitLab

const issueKey = (each) => `issue/${each.project}/${each.iid}`;

export function openIssue(project, iid) {
  const found = [...all("issue")].find((each) => String(each.iid) === String(iid) && project.endsWith(each.project));
  if (!found) return;
  shown.issue = issueKey(found);
  drawIssue();
}

function drawIssue() {
  const issue = world.get(shown.issue);
  const issues = [...all("issue")];
  byId("gitlab").classList.toggle("is-empty", !issue);
  fill(byId("issue-choice"), issues.length ? issues.map((each) => el("option", { value: issueKey(each), selected: issueKey(each) === shown.issue }, `#${each.iid} ${each.title}`)) : el("option", {}, "no issue yet"));
  if (!issue) {
    fill(byId("issue"), el("p", { class: "empty" }, "No issue yet. The bot opens one when a STAR is filed."));
    return;
  }
  const open = issue.state === "opened";
  fill(
    byId("issue"),
    el("div", { class: "g-head" }, el("span", { class: open ? "g-state open" : "g-state" }, open ? "Open" : "Closed"), issue.confidential ? el("span", { class: "g-secret" }, "🔒 Confidential") : "", el("small", {}, `#${issue.iid} · ${issue.author} · ${clockTime(issue.created_at)} · ${issue.assignees.length ? `assigned to ${issue.assignees.join(", ")}` : "no assignee"}`)),
    el("b", { class: "title", dir: "auto" }, issue.title),
    el("div", { class: "tags" }, issue.labels.map(label)),
    el("div", { class: "g-text", dir: "auto" }, markdown(issue.description)),
    el("div", { class: "g-notes" }, issue.notes.map((each) => el("article", { class: each.internal ? "comment internal" : "comment" }, el("header", {}, el("b", {}, each.author), each.internal ? el("span", { class: "kind" }, "internal") : "", el("time", {}, clockTime(each.created_at))), el("div", { class: "g-text", dir: "auto" }, markdown(each.body))))),
  );
  byId("issue-close").textContent = open ? "Close" : "Reopen";
  byId("issue-close").value = open ? "close" : "reopen";
}

function label(name) {
  const [scope, value] = name.includes("::") ? [name.slice(0, name.lastIndexOf("::")), name.slice(name.lastIndexOf("::") + 2)] : ["", name];
  const node = el("span", { class: "g-label" }, scope ? el("span", {}, scope) : "", el("b", {}, value));
  node.style.setProperty("--hue", [...name].reduce((sum, sign) => (sum * 31 + sign.codePointAt(0)) % 360, 7));
  return node;
}

function issueDeed(event) {
  event.preventDefault();
  const issue = world.get(shown.issue);
  const box = byId("issue-text");
  const action = event.submitter.value;
  if (!issue || (action === "comment" && !box.value.trim())) return;
  const more = action === "comment" ? { body: box.value } : {};
  act("gitlab/act", { action, project: issue.project, iid: issue.iid, ...more }).then((answer) => answer.ok && (box.value = ""));
}

// -- PagerDuty

const REGIONS = ["APAC", "EMEA", "AMER"];

function drawOnCall() {
  const calls = world.get("oncalls") ?? {};
  const row = (region) => {
    const managers = calls[`Support Manager - ${region}`] ?? [];
    const engineers = calls[`Customer Emergencies - ${region}`] ?? [];
    const names = (list) => (list.length ? list.join(", ") : "–");
    return el("tr", { class: managers.length ? "now" : "" }, el("th", { scope: "row" }, region), el("td", {}, names(managers)), el("td", {}, names(engineers)));
  };
  const nobody = REGIONS.every((region) => !(calls[`Support Manager - ${region}`] ?? []).length);
  fill(
    byId("oncall"),
    el("table", {}, el("thead", {}, el("tr", {}, ["On call now", "Manager", "Engineer"].map((each) => el("th", { scope: "col" }, each)))), el("tbody", {}, REGIONS.map(row))),
    nobody ? el("p", { class: "warn" }, "No Support Manager is on call.") : "",
  );
}

function drawIncidents() {
  const incidents = [...all("incident")].reverse();
  fill(byId("incidents"), incidents.length ? incidents.map(incident) : el("p", { class: "empty" }, "No incident."));
}

function incident(each) {
  const open = each.status !== "resolved";
  const who = el("select", { "aria-label": `Who acts on ${each.title}`, class: "actor" }, candidates(each).map((name) => el("option", { value: name, selected: name === nameHere() }, name)));
  const button = (action, label) => el("button", { type: "button", data: { key: `${each.id}${action}`, deed: action }, onclick: () => act("pagerduty/act", { action, incident: each.id, user: who.value }) }, label);
  return el(
    "article",
    { class: `incident ${each.status}`, data: { incident: each.id } },
    el("header", {}, el("span", { class: "p-status" }, each.status), el("b", { dir: "auto" }, `#${each.number} ${each.title}`)),
    el("small", {}, `${each.service} · level ${each.level}`, open && each.escalates_at ? el("span", { data: { escalates: each.escalates_at } }, ` · ${escalation(each.escalates_at)}`) : ""),
    each.assignees.length ? el("small", {}, `Assigned to ${each.assignees.join(", ")}`) : "",
    each.acknowledgers.length ? el("small", {}, `Acknowledged by ${each.acknowledgers.join(", ")}`) : "",
    open ? el("div", { class: "deeds" }, "as ", who, each.status === "triggered" ? button("acknowledge", "Acknowledge") : "", button("resolve", "Resolve"), button("escalate", "Escalate")) : "",
    el("details", {}, el("summary", {}, "Log"), el("ol", {}, each.log.map((entry) => el("li", {}, el("time", {}, clockTime(entry.at)), ` ${entry.summary}`))), each.notes.map((note) => el("p", {}, `${note.by}: ${note.content}`))),
  );
}

const nameHere = () => user(page.me)?.real_name;

function candidates(each) {
  const everybody = page.about.users.filter((one) => /^Support/.test(one.title)).map((one) => one.real_name);
  return [...new Set([...each.assignees, ...everybody])];
}

function escalation(at) {
  const left = Date.parse(at) - now();
  return left > 0 ? `escalates in ${span(left)}` : "escalates now";
}

// -- what changes

export function changed({ set, gone, first }) {
  const newest = (kind) => set.filter((name) => name.startsWith(kind)).at(-1);
  const ticket = newest("ticket/");
  if (first) shown.ticket = world.has("ticket/123456") && page.about.scenario === "weekday" ? "123456" : openTickets()[0];
  else if (ticket && !isTypedIn("zendesk")) shown.ticket = ticket.slice("ticket/".length);
  if (first || ticket || gone.length) drawTicket();
  const issue = newest("issue/");
  if (first) shown.issue = [...world.keys()].filter((name) => name.startsWith("issue/")).at(-1) ?? "";
  else if (issue && !isTypedIn("gitlab")) shown.issue = issue;
  if (first || issue || gone.length) drawIssue();
  if (first || set.includes("oncalls")) drawOnCall();
  if (first || newest("incident/") || gone.some((name) => name.startsWith("incident/"))) drawIncidents();
}

function openTickets() {
  const due = (each) => Math.min(...each.sla.filter((one) => one.breach_at).map((one) => Date.parse(one.breach_at)));
  return tickets().filter((each) => Number.isFinite(due(each))).sort((one, other) => due(one) - due(other)).map((each) => String(each.id));
}

export function ticked() {
  for (const node of document.querySelectorAll("[data-due]")) {
    node.textContent = slaText(node.dataset.due, node.dataset.name);
    node.classList.toggle("breached", Date.parse(node.dataset.due) < now());
  }
  for (const node of document.querySelectorAll("[data-escalates]")) node.textContent = ` · ${escalation(node.dataset.escalates)}`;
}

export function begin() {
  byId("ticket-choice").addEventListener("change", (event) => openTicket(event.target.value));
  byId("issue-choice").addEventListener("change", (event) => {
    shown.issue = event.target.value;
    drawIssue();
  });
  byId("ticket-form").addEventListener("submit", ticketDeed);
  byId("issue-form").addEventListener("submit", issueDeed);
  byId("gap").addEventListener("click", () => act("pagerduty/act", { action: "gap", hours: 8 }).then((answer) => answer.ok && tell("For eight hours nobody is on call on any schedule.")));
  byId("planned").addEventListener("click", () => act("pagerduty/act", { action: "clear" }));
}
