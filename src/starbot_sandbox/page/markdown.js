// The part of GitLab's Markdown that issues and notes are written in, as nodes. HTML stays text; comments are hidden.

import { el } from "./dom.js";
import { link } from "./links.js";

const SPANS = new RegExp(
  [
    "\\\\(?<escaped>[!-/:-@[-`{-~])",
    "(?<ticks>`+)(?<code>[^`\\n]+)\\k<ticks>",
    "!?\\[(?<label>(?:\\\\.|[^\\]\\\\\\n])*)\\]\\((?<target>[^()\\s]+)\\)",
    "\\*\\*(?<bold>(?:\\\\.|[^*\\\\\\n])+)\\*\\*",
    "(?<![\\w*])\\*(?<italic>(?:\\\\.|[^*\\\\\\n])+)\\*(?![\\w*])",
    "(?<![\\w])_(?<slanted>(?:\\\\.|[^_\\\\\\n])+)_(?![\\w])",
    "(?<mention>(?<![\\w`.@/-])@[a-zA-Z0-9_][\\w./-]*)",
    "(?<url>https?://[^\\s<>)]+)",
    "&(?<entity>lt|gt|amp|quot|nbsp|#\\d{1,7});",
  ].join("|"),
  "g",
);
const ENTITIES = { lt: "<", gt: ">", amp: "&", quot: '"', nbsp: "\u00a0" };

export function markdown(text) {
  const lines = String(text ?? "")
    .replace(/<!--[\s\S]*?-->/g, "")
    .split(/\r\n|\r|\n/);
  const nodes = [];
  for (let at = 0; at < lines.length; ) {
    const [node, next] = block(lines, at);
    if (node) nodes.push(node);
    at = next;
  }
  return nodes;
}

function block(lines, at) {
  const line = lines[at];
  if (!line.trim()) return [null, at + 1];
  const fence = /^ {0,3}(`{3,}|~{3,})/.exec(line);
  if (fence) {
    let end = at + 1;
    while (end < lines.length && !lines[end].trimStart().startsWith(fence[1])) end += 1;
    return [el("pre", {}, lines.slice(at + 1, end).join("\n")), end + 1];
  }
  const heading = /^ {0,3}(#{1,6})\s+(.*)$/.exec(line);
  if (heading) return [el(`h${Math.min(6, heading[1].length + 2)}`, {}, spans(heading[2])), at + 1];
  if (/^ {0,3}(-{3,}|\*{3,}|_{3,})\s*$/.test(line)) return [el("hr"), at + 1];
  if (line.includes("|") && /^\s*\|?[\s:|-]*-[\s:|-]*$/.test(lines[at + 1] ?? "") && lines[at + 1].includes("|")) {
    return table(lines, at);
  }
  for (const [tag, pattern] of [["ul", /^\s*[-*+]\s+/], ["ol", /^\s*\d+[.)]\s+/], ["blockquote", /^\s*>\s?/]]) {
    if (pattern.test(line)) return gathered(lines, at, tag, pattern);
  }
  let end = at + 1;
  while (end < lines.length && lines[end].trim() && !/^ {0,3}(#{1,6}\s|```|~~~|>|[-*+]\s|\d+[.)]\s|\|)/.test(lines[end])) {
    end += 1;
  }
  return [el("p", {}, spans(lines.slice(at, end).join("\n"))), end];
}

function gathered(lines, at, tag, pattern) {
  let end = at;
  while (end < lines.length && pattern.test(lines[end])) end += 1;
  const rows = lines.slice(at, end).map((each) => each.replace(pattern, ""));
  if (tag === "blockquote") return [el(tag, {}, spans(rows.join("\n"))), end];
  return [el(tag, {}, rows.map(item)), end];
}

function item(row) {
  const task = /^\[([ xX])\]\s+(.*)$/.exec(row);
  if (!task) return el("li", {}, spans(row));
  return el("li", { class: "task" }, task[1] === " " ? "☐ " : "☑ ", spans(task[2]));
}

function table(lines, at) {
  let end = at + 2;
  while (end < lines.length && lines[end].includes("|") && lines[end].trim()) end += 1;
  const cells = (row) =>
    row
      .trim()
      .replace(/^\||\|$/g, "")
      .split(/(?<!\\)\|/)
      .map((each) => spans(each.trim()));
  const body = lines.slice(at + 2, end).map((row) => el("tr", {}, cells(row).map((each) => el("td", {}, each))));
  const head = cells(lines[at]).map((each) => el("th", {}, each));
  const isNamed = head.some((each) => each.textContent.trim());
  return [el("div", { class: "table" }, el("table", {}, isNamed ? el("thead", {}, el("tr", {}, head)) : "", el("tbody", {}, body))), end];
}

function spans(text) {
  const nodes = [];
  let at = 0;
  for (const found of text.matchAll(SPANS)) {
    nodes.push(text.slice(at, found.index), span(found[0], found.groups));
    at = found.index + found[0].length;
  }
  nodes.push(text.slice(at));
  return nodes;
}

function span(whole, groups) {
  if (groups.escaped) return groups.escaped;
  if (groups.code) return el("code", {}, groups.code);
  if (groups.target) return link(groups.target, spans(groups.label));
  if (groups.bold) return el("b", {}, spans(groups.bold));
  if (groups.italic || groups.slanted) return el("i", {}, spans(groups.italic ?? groups.slanted));
  if (groups.mention) return el("span", { class: "mention" }, groups.mention);
  if (groups.entity) {
    return ENTITIES[groups.entity] ?? String.fromCodePoint(Math.min(0x10ffff, Number(groups.entity.slice(1))));
  }
  return link(groups.url, groups.url);
}
