// The Slack client: who sits here, where they are, what they see, and what they do.

import { begun, blocks } from "./blocks.js";
import { byId, dismissMenu, el, fill, inSlices, menu, swap, tell } from "./dom.js";
import { emoji, names } from "./emoji.js";
import * as modal from "./modal.js";
import { local, mrkdwn } from "./mrkdwn.js";
import { act, all, channel, message, nameOf, page, post, user, world } from "./store.js";

const here = { place: "", thread: null };
const QUICK = ["eyes", "green-check-mark", "white_check_mark", "escalate"];
const seen = new Map();

const dm = () => `D${page.me.slice(1)}`;
const isHome = () => here.place === "home";
const inPlace = (each, place) => each.channel === place;
const isReply = (each) => Boolean(each.thread_ts) && each.thread_ts !== each.ts;
const byTs = (one, other) => (one.ts < other.ts ? -1 : 1);

// -- lists of messages

class List {
  constructor(box, shows) {
    this.box = box;
    this.shows = shows;
    this.nodes = new Map();
    this.stop = () => {};
  }

  // Everything anew: the newest at once, older ones bit by bit.
  fill(items) {
    this.stop();
    this.nodes.clear();
    fill(this.box);
    const sorted = items.sort(byTs);
    const late = sorted.slice(0, -30).reverse();
    for (const each of sorted.slice(-30)) this.put(each);
    this.toEnd();
    this.stop = inSlices(late, (each) => this.keepPlace(() => this.put(each)));
  }

  put(each) {
    const fresh = messageNode(each, this.shows.thread);
    const old = this.nodes.get(each.ts);
    this.nodes.set(each.ts, fresh);
    if (old) {
      swap(old, fresh);
      return;
    }
    let after = this.box.lastElementChild;
    while (after && after.dataset.ts > each.ts) after = after.previousElementSibling;
    if (after) after.after(fresh);
    else this.box.prepend(fresh);
  }

  drop(ts) {
    this.nodes.get(ts)?.remove();
    this.nodes.delete(ts);
  }

  isAtEnd() {
    return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < 120;
  }

  // Once more when those that came into sight have their true height.
  toEnd() {
    const jump = () => (this.box.scrollTop = this.box.scrollHeight);
    jump();
    requestAnimationFrame(() => requestAnimationFrame(jump));
  }

  keepPlace(change) {
    const left = this.box.scrollHeight - this.box.scrollTop;
    change();
    this.box.scrollTop = this.box.scrollHeight - left;
  }
}

const main = new List(byId("messages"), { thread: false });
const thread = new List(byId("thread-messages"), { thread: true });

const inMain = (each) => inPlace(each, here.place) && (!isReply(each) || each.subtype === "thread_broadcast");
const inThread = (each) => inPlace(each, here.place) && here.thread && (each.ts === here.thread || each.thread_ts === here.thread);
const whispered = (each) => each.user === page.me && !each.gone;

function* visible(belongs) {
  for (const each of all("message")) if (belongs(each)) yield each;
  for (const each of all("ephemeral")) if (whispered(each) && belongs(each)) yield { ...each, ephemeral: true };
}

// -- one message

function author(each) {
  if (each.ephemeral || each.bot_id === page.about.bot.bot_id) return { name: page.about.bot.name, app: true, id: "bot" };
  if (each.username) return { name: each.username, app: true, id: each.bot_id };
  return { name: nameOf(each.user ?? each.bot_id ?? "?"), app: Boolean(each.bot_id), id: each.user };
}

function avatar({ name, id }) {
  const letters = name.split(" ").map((word) => word[0]).slice(0, 2).join("");
  const node = el("span", { class: "avatar", "aria-hidden": "true" }, id === "bot" ? "★" : letters);
  node.style.setProperty("--hue", [...String(id)].reduce((sum, sign) => sum * 7 + sign.codePointAt(0), 0) % 360);
  return node;
}

function messageNode(each, inThread) {
  const who = author(each);
  const at = new Date(Number(each.ts) * 1000);
  const time = el("time", { datetime: at.toISOString(), title: at.toUTCString() }, local(at, { hour: "2-digit", minute: "2-digit" }));
  const isTyped = !each.ephemeral && !each.bot_id;
  const content = isTyped || !each.blocks?.length ? el("div", { class: "b-text" }, mrkdwn(each.text)) : blocks(each.blocks, how(each));
  const node = el(
    "article",
    { class: each.ephemeral ? "msg ephemeral" : "msg", tabindex: "-1", data: { ts: each.ts } },
    avatar(who),
    el(
      "div",
      { class: "msg-main" },
      each.subtype === "thread_broadcast" ? el("div", { class: "note" }, inThread ? "also sent to the channel" : "replied to a thread") : "",
      each.ephemeral ? el("div", { class: "note" }, "Only visible to you") : "",
      el("header", {}, el("bdi", { class: "name" }, who.name), who.app ? el("span", { class: "badge" }, "APP") : "", time, each.edited ? el("small", {}, "(edited)") : ""),
      el("div", { class: "msg-body", dir: "auto" }, content),
      reactions(each),
      !inThread && each.reply_count ? replies(each) : "",
      !inThread && isReply(each) ? el("button", { type: "button", class: "replies", onclick: () => openThread(each.thread_ts) }, "See the thread") : "",
    ),
    el("div", { class: "tools" }, tools(each, inThread)),
  );
  return node;
}

function how(each) {
  return {
    act: (element, pick) => act("slack/click", { user: page.me, channel: each.channel, ts: each.ts, action_id: element.action_id, ...pick }),
    put: (block, element, answer, unfinished) => unfinished || act("slack/click", { user: page.me, channel: each.channel, ts: each.ts, action_id: element.action_id, selected: answer }),
    answer: (block, element) => begun(element),
  };
}

function reactions(each) {
  if (!each.reactions?.length) return "";
  return el("div", { class: "reactions" }, each.reactions.map((one) => {
    const mine = one.users.includes(page.me);
    const who = one.users.map(nameOf).join(", ");
    const props = { class: mine ? "mine" : "", title: `${who} reacted with :${one.name}:`, data: { key: `r-${one.name}`, emoji: one.name }, "aria-pressed": String(mine) };
    return el("button", { type: "button", ...props, onclick: () => react(each, one.name, mine) }, emoji(one.name), el("span", {}, ` ${one.count}`));
  }));
}

const react = (each, name, back) => act(back ? "slack/unreact" : "slack/react", { user: page.me, channel: each.channel, ts: each.ts, name });

function replies(each) {
  const word = each.reply_count === 1 ? "1 reply" : `${each.reply_count} replies`;
  return el("button", { type: "button", class: "replies", data: { key: "replies" }, onclick: () => openThread(each.ts) }, word);
}

function tools(each, inThread) {
  if (each.ephemeral) return el("button", { type: "button", title: "Dismiss", "aria-label": "Dismiss this message", onclick: () => dismiss(each) }, "✕");
  const button = (label, sign, press, key) => el("button", { type: "button", title: label, "aria-label": label, data: { key }, onclick: press }, sign);
  const quick = QUICK.filter((name) => names().includes(name)).slice(0, 2);
  return [
    quick.map((name) => button(`React with :${name}:`, emoji(name), () => react(each, name, false), `q-${name}`)),
    button("Add a reaction", "☺", (event) => pick(event.currentTarget, each), "react"),
    inThread ? "" : button("Reply in thread", "💬", () => openThread(each.thread_ts ?? each.ts), "reply"),
    button("More actions", "⋮", (event) => more(event.currentTarget, each), "more"),
  ];
}

function dismiss(each) {
  world.get(`ephemeral/${each.ts}`).gone = true;
  main.drop(each.ts);
  thread.drop(each.ts);
}

function pick(anchor, each) {
  const box = el("div", { class: "picker" });
  const find = el("input", { type: "search", placeholder: "Find an emoji", "aria-label": "Find an emoji" });
  const show = () => {
    const found = names().filter((name) => name.includes(find.value.toLowerCase()));
    fill(box, found.map((name) => el("button", { type: "button", title: `:${name}:`, "aria-label": name, data: { emoji: name }, onclick: () => choose(name) }, emoji(name))));
  };
  const choose = (name) => {
    dismissMenu();
    react(each, name, each.reactions?.some((one) => one.name === name && one.users.includes(page.me)));
  };
  find.addEventListener("input", show);
  find.addEventListener("keydown", (event) => event.key === "Enter" && box.firstElementChild?.click());
  show();
  menu(anchor, [find, box], { wide: true });
}

function more(anchor, each) {
  const offered = page.about.shortcuts.filter((one) => one.type === "message");
  const rows = offered.map((one) => [one.name, () => act("slack/shortcut", { user: page.me, callback_id: one.callback_id, channel: each.channel, ts: each.ts }), one.description]);
  if (each.user === page.me || each.workflow_id) rows.push(["Edit the message", () => edit(each)]);
  menu(anchor, rows.length ? rows : [["Nothing more to do here", () => {}]]);
}

function edit(each) {
  const element = { type: "plain_text_input", action_id: "text", multiline: true, initial_value: each.text };
  const view = { title: { type: "plain_text", text: "Edit the message" }, submit: { type: "plain_text", text: "Save" }, blocks: [{ type: "input", block_id: "text", label: { type: "plain_text", text: "Message" }, element }] };
  modal.openOwn(view, ({ text }) => post("slack/edit", { user: page.me, channel: each.channel, ts: each.ts, text }));
}

// -- where one is

export function openPlace(place) {
  here.place = place;
  here.thread = null;
  if (isHome()) post("slack/home", { user: page.me }).then((answer) => answer.ok === false && fill(byId("home"), el("p", { class: "empty" }, answer.error)));
  draw();
}

export function openThread(ts) {
  here.thread = ts;
  drawThread();
  byId("thread-text").focus();
}

// Goes to a message, wherever it is; false where whoever sits here cannot see it.
export function openMessage(place, ts, root) {
  if (!places().some((each) => each.id === place)) {
    tell(`${nameOf(page.me)} is not in that channel.`);
    return false;
  }
  openPlace(place);
  const head = root ?? (message(place, ts)?.reply_count ? ts : null);
  if (head) openThread(head);
  main.nodes.get(head ?? ts)?.scrollIntoView({ block: "center" });
  return true;
}

export function sitDown(id) {
  page.me = id;
  byId("who").value = id;
  const stay = isHome() || places().some((each) => each.id === here.place);
  openPlace(stay ? here.place : (places()[0]?.id ?? dm()));
  modal.refresh();
}

export const at = () => here;

function places() {
  const mine = [...all("channel")].filter((each) => !each.is_im && each.members.includes(page.me));
  mine.sort((one, other) => one.name.localeCompare(other.name));
  const form = page.about.form.channel;
  mine.sort((one, other) => Number(other.id === form) - Number(one.id === form));
  return [...mine, { id: dm(), name: page.about.bot.name, is_im: true }];
}

function draw() {
  read();
  drawSidebar();
  const place = places().find((each) => each.id === here.place);
  byId("slack").classList.toggle("at-home", isHome());
  fill(byId("place-name"), isHome() ? `${page.about.bot.name}: Home` : `${place?.is_im ? "" : place?.is_private ? "🔒 " : "# "}${place?.name ?? ""}`);
  fill(byId("place-about"), place && !place.is_im ? `${place.members.length} members` : place ? "App" : "");
  if (isHome()) drawHome();
  else main.fill([...visible(inMain)]);
  fill(byId("first"), main.nodes.size || isHome() ? "" : "Nothing has been written here yet.");
  drawThread();
}

function drawThread() {
  byId("slack").classList.toggle("has-thread", Boolean(here.thread));
  if (here.thread) thread.fill([...visible(inThread)]);
}

function drawHome() {
  const home = world.get(`home/${page.me}`);
  if (!home) return;
  fill(byId("home"), blocks(home.blocks ?? [], {
    act: (element, pick) => act("slack/click", { user: page.me, view_id: home.id, action_id: element.action_id, ...pick }),
    put: (block, element, answer, unfinished) => unfinished || act("slack/click", { user: page.me, view_id: home.id, action_id: element.action_id, selected: answer }),
    answer: (block, element) => begun(element),
  }));
}

// -- the sidebar, and what is not read yet

function read() {
  const newest = [...all("message")].filter((each) => inPlace(each, here.place)).map((each) => each.ts).sort().at(-1);
  if (newest) seen.set(`${page.me} ${here.place}`, newest);
}

function unread(place) {
  const since = seen.get(`${page.me} ${place.id}`) ?? "";
  const news = [...all("message")].filter((each) => inPlace(each, place.id) && each.ts > since && each.user !== page.me);
  const loud = news.filter((each) => place.is_im || JSON.stringify([each.text, each.blocks]).includes(`<@${page.me}>`));
  return { news: news.length, loud: loud.length };
}

function drawSidebar() {
  const row = (place) => {
    const { news, loud } = unread(place);
    const props = { class: `place ${news ? "unread" : ""}`, "aria-current": place.id === here.place ? "page" : null, data: { place: place.id, key: place.id } };
    const sign = place.is_im ? "★" : place.is_private ? "🔒" : "#";
    return el("button", { type: "button", ...props, onclick: () => openPlace(place.id) }, el("span", { class: "sign" }, sign), el("span", { class: "label" }, place.name), loud ? el("span", { class: "count" }, String(loud)) : "");
  };
  const mine = places();
  const home = page.about.has_home ? el("button", { type: "button", class: "place", "aria-current": isHome() ? "page" : null, data: { place: "home" }, onclick: () => openPlace("home") }, el("span", { class: "sign" }, "⌂"), el("span", { class: "label" }, "Home")) : "";
  fill(byId("places"), el("h3", {}, "Channels"), mine.filter((each) => !each.is_im).map(row), el("h3", {}, "Apps"), mine.filter((each) => each.is_im).map(row), home);
  const jump = byId("jump");
  fill(jump, mine.map((each) => el("option", { value: each.id, selected: each.id === here.place }, `${each.is_im ? "★ " : "# "}${each.name}${unread(each).news ? " •" : ""}`)), page.about.has_home ? el("option", { value: "home", selected: isHome() }, "⌂ Home") : "");
}

function drawPeople() {
  const onCall = new Set(Object.values(world.get("oncalls") ?? {}).flat());
  const kinds = new Map([["Initiators", []], ["Managers", []], ["Engineers", []], ["Others", []]]);
  for (const one of page.about.users) {
    const manager = /^Support Manager, (\w+)/.exec(one.title);
    const kind = manager ? "Managers" : one.title.startsWith("Support Engineer") ? "Engineers" : page.about.regions[one.id] !== undefined || /Success|Executive/.test(one.title) ? "Initiators" : "Others";
    const where = /, (\w+)$/.exec(one.title)?.[1];
    kinds.get(kind).push(el("option", { value: one.id, selected: one.id === page.me }, `${one.real_name}${where ? `, ${where}` : ""}${onCall.has(one.real_name) && kind !== "Initiators" ? " ☎ on call" : ""}`));
  }
  fill(byId("who"), [...kinds].map(([label, rows]) => el("optgroup", { label }, rows)));
}

// -- writing

function typed(text) {
  const escaped = text.replace(/[&<>]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign]);
  return escaped.replace(/@([\w.-]+\w)/g, (whole, name) => {
    const person = page.about.users.find((each) => each.name === name);
    const team = page.about.groups.find((each) => each.handle === name);
    return person ? `<@${person.id}>` : team ? `<!subteam^${team.id}|@${team.handle}>` : /^(here|channel|everyone)$/.test(name) ? `<!${name}>` : whole;
  });
}

async function write(box, root) {
  const text = box.value.trim();
  if (!text) return;
  const found = /^(\/[a-z][\w-]*)\s*([\s\S]*)$/.exec(text);
  const isCommand = found && page.about.commands.some((each) => each.command === found[1]);
  if (found && isCommand && root) {
    tell(`${found[1]} is not supported in threads. Sorry!`);
    return;
  }
  box.value = "";
  grow(box);
  const where = { user: page.me, channel: here.place };
  const answer = isCommand
    ? await post("slack/command", { ...where, command: found[1], text: found[2] })
    : await post("slack/message", { ...where, text: typed(text), thread_ts: root || undefined });
  if (answer.ok === false) tell(isCommand ? `${found[1]} failed with the error “${answer.error}”` : answer.error);
}

const grow = (box) => {
  box.rows = Math.min(6, box.value.split("\n").length);
};

// Completion of /commands, @people and :emoji: above the box.
function completions(box) {
  const before = box.value.slice(0, box.selectionStart);
  const word = /(^\/[\w-]*|[@:][\w.+-]*)$/.exec(before)?.[0];
  if (!word || (word[0] !== "/" && !/(^|\s)$/.test(before.slice(0, -word.length)))) return [];
  const rest = word.slice(1).toLowerCase();
  const put = (text) => () => {
    box.setRangeText(`${text} `, before.length - word.length, before.length, "end");
    box.dispatchEvent(new Event("input"));
    box.focus();
  };
  if (word[0] === "/") return page.about.commands.filter((each) => each.command.startsWith(word)).map((each) => [each.command, put(each.command), `${each.usage_hint ?? ""} ${each.description ?? ""}`]);
  if (word[0] === ":" && rest.length < 2) return [];
  if (word[0] === ":") return names().filter((name) => name.includes(rest)).slice(0, 8).map((name) => [`:${name}:`, put(`:${name}:`), ""]);
  const people = page.about.users.filter((each) => `${each.name} ${each.real_name}`.toLowerCase().includes(rest)).map((each) => [each.name, each.real_name]);
  const teams = page.about.groups.filter((each) => each.handle.includes(rest)).map((each) => [each.handle, "user group"]);
  return [...people, ...teams].slice(0, 8).map(([name, hint]) => [`@${name}`, put(`@${name}`), hint]);
}

function composer(box, root) {
  const list = el("div", { class: "complete", role: "listbox", hidden: true });
  box.parentElement.prepend(list);
  let rows = [];
  let chosen = 0;
  const show = () => {
    list.hidden = !rows.length;
    fill(list, rows.map(([label, put, hint], at) => el("button", { type: "button", role: "option", tabindex: "-1", "aria-selected": String(at === chosen), onmousedown: (event) => (event.preventDefault(), put()) }, el("b", {}, label), el("small", {}, hint))));
  };
  box.addEventListener("input", () => {
    rows = completions(box);
    chosen = 0;
    grow(box);
    show();
  });
  box.addEventListener("blur", () => {
    rows = [];
    show();
  });
  box.addEventListener("keydown", (event) => {
    if (rows.length && ["ArrowDown", "ArrowUp", "Tab", "Escape"].includes(event.key)) {
      event.preventDefault();
      if (event.key === "Escape") rows = [];
      else if (event.key === "Tab") rows[chosen][1]();
      else chosen = (chosen + (event.key === "ArrowDown" ? 1 : rows.length - 1)) % rows.length;
      show();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      const whole = rows[chosen]?.[0];
      if (rows.length && box.value !== whole && /^\//.test(whole) && !box.value.includes(" ")) rows[chosen][1]();
      else write(box, root());
    }
  });
}

// -- shortcuts, and the form of Workflow Builder

function shortcuts(anchor) {
  const global = page.about.shortcuts.filter((each) => each.type === "global");
  const form = page.about.form;
  menu(anchor, [
    ...(form.fields.length ? [[form.name, openForm, `workflow of #${channel(form.channel)?.name ?? ""}`]] : []),
    ...global.map((each) => [each.name, () => act("slack/shortcut", { user: page.me, callback_id: each.callback_id }), each.description]),
  ]);
}

const words = (text) => ({ type: "plain_text", text, emoji: false });

export function openForm() {
  const form = page.about.form;
  const element = ({ label, example, options, long }) => options.length
    ? { type: "static_select", options: options.map((each) => ({ value: each, text: words(each) })), initial_option: { value: example } , action_id: label }
    : { type: "plain_text_input", multiline: long, initial_value: example, action_id: label };
  const view = {
    title: words(form.name),
    submit: words("Submit"),
    blocks: form.fields.map((each) => ({ type: "input", block_id: each.label, label: words(each.label), optional: true, element: element(each) })),
  };
  modal.openOwn(view, (answers) => post("slack/form", { channel: form.channel, fields: { ...answers, "Submitted by": `<@${page.me}>` } }));
}

// -- what changes

export function changed({ set, gone, first }) {
  if (first) {
    if (!user(page.me)) page.me = page.about.users[0].id;
    drawPeople();
    const known = here.place && (isHome() || places().some((each) => each.id === here.place));
    openPlace(known && !isHome() ? here.place : page.about.form.channel);
    modal.refresh();
    return;
  }
  const messages = set.filter((name) => name.startsWith("message/") || name.startsWith("ephemeral/"));
  if (messages.length || gone.length) update(messages, gone);
  if (set.some((name) => name.startsWith("channel/"))) drawSidebar();
  if (set.includes("oncalls")) drawPeople();
  if (isHome() && set.includes(`home/${page.me}`)) drawHome();
  if ([...set, ...gone].some((name) => name.startsWith("view/"))) modal.refresh();
}

function update(messages, gone) {
  const stays = [main.isAtEnd(), thread.isAtEnd()];
  for (const name of messages) {
    const each = world.get(name);
    const ephemeral = name.startsWith("ephemeral/");
    if (ephemeral && !whispered(each)) continue;
    if (inMain(each)) main.put({ ...each, ephemeral });
    if (inThread(each)) thread.put({ ...each, ephemeral });
  }
  for (const name of gone) {
    const [kind, place, ts] = name.split("/");
    if (kind === "message" && place === here.place) [main, thread].forEach((list) => list.drop(ts));
    if (kind === "ephemeral") [main, thread].forEach((list) => list.drop(place));
  }
  if (stays[0]) main.toEnd();
  if (stays[1] && here.thread) thread.toEnd();
  if (main.nodes.size) fill(byId("first"));
  read();
  drawSidebar();
}

export function begin() {
  byId("who").addEventListener("change", (event) => sitDown(event.target.value));
  byId("jump").addEventListener("change", (event) => openPlace(event.target.value));
  byId("thread-close").addEventListener("click", () => {
    here.thread = null;
    drawThread();
    byId("text").focus();
  });
  byId("flash").addEventListener("click", (event) => shortcuts(event.currentTarget));
  byId("send").addEventListener("click", () => write(byId("text"), null));
  byId("thread-send").addEventListener("click", () => write(byId("thread-text"), here.thread));
  composer(byId("text"), () => null);
  composer(byId("thread-text"), () => here.thread);
  for (const list of [main, thread]) list.box.addEventListener("keydown", walk);
}

// Arrow keys walk from message to message.
function walk(event) {
  const at = event.target.closest(".msg");
  if (event.target !== at || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  event.preventDefault();
  (event.key === "ArrowUp" ? at.previousElementSibling : at.nextElementSibling)?.focus();
}

