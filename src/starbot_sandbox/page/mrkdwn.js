// Slack's mrkdwn, as nodes: docs.slack.dev/messaging/formatting-message-text.

import { el } from "./dom.js";
import { emoji } from "./emoji.js";
import { link } from "./links.js";
import { channel, nameOf, now, page, user } from "./store.js";

const INLINE = new RegExp(
  [
    "`(?<code>[^`\\n]+)`",
    "<(?<markup>[^<>\\n]+)>",
    ":(?<emoji>[a-z0-9_+'-]+(?:::skin-tone-[2-6])?):",
    "(?<![\\p{L}\\p{N}*])\\*(?<bold>[^*\\n]*[^*\\s])\\*(?![\\p{L}\\p{N}*])",
    "(?<![\\p{L}\\p{N}_])_(?<italic>[^_\\n]*[^_\\s])_(?![\\p{L}\\p{N}_])",
    "(?<![\\p{L}\\p{N}~])~(?<strike>[^~\\n]*[^~\\s])~(?![\\p{L}\\p{N}~])",
    "(?<url>https?://[^\\s<>|]+)",
  ].join("|"),
  "gu",
);

// A text of Slack as nodes. `verbatim`: addresses are no links by themselves.
export function mrkdwn(text, { verbatim = false } = {}) {
  return String(text)
    .split("```")
    .flatMap((part, number, parts) => {
      if (number % 2 === 0) return quoted(part, verbatim);
      if (number === parts.length - 1) return quoted("```" + part, verbatim);
      return [el("pre", {}, decoded(part.replace(/^\n|\n$/g, "")))];
    });
}

// Plain text of Slack: emoji, and nothing else.
export function plain(text) {
  return String(text)
    .split(/(:[a-z0-9_+'-]+:)/)
    .map((part, number) => (number % 2 ? emoji(part.slice(1, -1)) : part));
}

function quoted(text, verbatim) {
  const nodes = [];
  let quote = [];
  let rest = false;
  const lines = text.split("\n");
  const flush = () => {
    if (quote.length) nodes.push(el("blockquote", {}, lined(quote, verbatim)));
    quote = [];
  };
  let run = [];
  const flushRun = () => {
    if (run.length) nodes.push(...lined(run, verbatim));
    run = [];
  };
  for (const line of lines) {
    const begin = /^(?:&gt;|>)/.exec(line);
    if (!rest && /^(?:&gt;|>){3}/.test(line)) {
      flushRun();
      rest = true;
      quote.push(line.replace(/^(?:&gt;|>){3} ?/, ""));
    } else if (rest) quote.push(line);
    else if (begin) {
      flushRun();
      quote.push(line.slice(begin[0].length).replace(/^ /, ""));
    } else {
      flush();
      run.push(line);
    }
  }
  flush();
  flushRun();
  return nodes;
}

function lined(lines, verbatim) {
  return inline(lines.join("\n"), verbatim);
}

function inline(text, verbatim) {
  const nodes = [];
  let at = 0;
  for (const found of text.matchAll(INLINE)) {
    if (found.index > at) nodes.push(decoded(text.slice(at, found.index)));
    nodes.push(token(found, verbatim));
    at = found.index + found[0].length;
  }
  if (at < text.length) nodes.push(decoded(text.slice(at)));
  return nodes;
}

function token({ 0: whole, groups }, verbatim) {
  if (groups.code !== undefined) return el("code", {}, decoded(groups.code));
  if (groups.markup !== undefined) return markup(groups.markup, whole);
  if (groups.emoji !== undefined) return emoji(groups.emoji);
  if (groups.bold !== undefined) return el("b", {}, inline(groups.bold, verbatim));
  if (groups.italic !== undefined) return el("i", {}, inline(groups.italic, verbatim));
  if (groups.strike !== undefined) return el("s", {}, inline(groups.strike, verbatim));
  return verbatim ? decoded(whole) : link(decoded(groups.url), decoded(groups.url));
}

function markup(inside, whole) {
  const [target, label] = inside.split(/\|(.*)/s);
  const said = label === undefined ? undefined : decoded(label);
  if (/^@[UWB]\w+$/.test(target)) return mention(target.slice(1), said);
  if (/^#C\w+$/.test(target)) return pill(`#${said || channel(target.slice(1))?.name || target.slice(1)}`);
  if (target.startsWith("!subteam^")) return group(target.slice(9), said);
  if (/^!(here|channel|everyone)$/.test(target)) return pill(`@${target.slice(1)}`, "loud");
  if (target.startsWith("!date^")) return moment(target, said ?? "");
  if (/^(https?:|mailto:)/.test(target)) return link(decoded(target), said || decoded(target));
  return decoded(whole);
}

export function mention(id, said) {
  const name = user(id) || id === page.about?.bot.user ? nameOf(id) : said || id;
  return pill(`@${name}`, id === page.me ? "me" : "");
}

export function group(id, said) {
  const found = page.about?.groups.find((each) => each.id === id);
  return pill(found ? `@${found.handle}` : said || id, "loud");
}

function pill(text, more = "") {
  return el("span", { class: `mention ${more}` }, text);
}

export function decoded(text) {
  return text.replace(/&(lt|gt|amp);/g, (whole, name) => ({ lt: "<", gt: ">", amp: "&" })[name]);
}

// -- moments, each in the zone of whoever reads

function moment(target, fallback) {
  const [, seconds, format] = target.split("^");
  const at = new Date(Number(seconds) * 1000);
  if (!format || Number.isNaN(at.getTime())) return fallback;
  const shown = format.replace(/\{(\w+)\}/g, (whole, name) => (FORMS[name] ? FORMS[name](at) : whole));
  return el("time", { datetime: at.toISOString(), title: at.toUTCString() }, shown);
}

const made = new Map();

export function local(at, options) {
  const zone = user(page.me)?.tz ?? "Etc/UTC";
  const key = zone + JSON.stringify(options);
  if (!made.has(key)) made.set(key, new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }));
  return made.get(key).format(at);
}

const DAY = { day: "numeric", month: "short", year: "numeric" };
const LONG = { weekday: "long", day: "numeric", month: "long", year: "numeric" };

function pretty(options) {
  return (at) => {
    const day = (when) => local(when, DAY);
    for (const [days, word] of [[0, "Today"], [-1, "Yesterday"], [1, "Tomorrow"]]) {
      if (day(at) === day(new Date(now() + days * 86400000))) return word;
    }
    return local(at, options);
  };
}

const FORMS = {
  date_num: (at) => at.toISOString().slice(0, 10),
  date: (at) => local(at, DAY),
  date_short: (at) => local(at, DAY),
  date_long: (at) => local(at, LONG),
  date_pretty: pretty(DAY),
  date_short_pretty: pretty(DAY),
  date_long_pretty: pretty(LONG),
  time: (at) => local(at, { hour: "2-digit", minute: "2-digit" }),
  time_secs: (at) => local(at, { hour: "2-digit", minute: "2-digit", second: "2-digit" }),
};
