// Block Kit, as nodes: messages, modals and home tabs are made of the same blocks. What is not known is shown as such.
//
// `how` says what follows: act(element, pick) uses an element at once; put(block, element, answer) fills in a field;
// answer(block, element) is what a field holds so far; errors are sentences by block id.

import { el, menu, sure } from "./dom.js";
import { group, mention, mrkdwn, plain } from "./mrkdwn.js";
import { emoji } from "./emoji.js";
import { link } from "./links.js";
import { all, channel, page } from "./store.js";

const BLOCKS = {
  header: (block) => el("h3", { class: "b-header" }, text(block.text)),
  section,
  context: (block, how) => el("div", { class: "b-context" }, (block.elements ?? []).map((each) => small(each, how))),
  actions: (block, how) => el("div", { class: "b-actions" }, (block.elements ?? []).map((each) => element(block, each, how))),
  input,
  divider: () => el("hr"),
  image: (block) => el("figure", {}, block.title ? el("figcaption", {}, text(block.title)) : "", picture(block)),
  rich_text: (block) => (block.elements ?? []).map(rich),
  markdown: (block) => el("div", { class: "b-text" }, mrkdwn(block.text ?? "")),
};

export function blocks(list, how) {
  return list.map((block) => (Object.hasOwn(BLOCKS, block.type) ? BLOCKS[block.type](block, how) : unknown("block", block)));
}

function unknown(what, thing) {
  const kind = typeof thing?.type === "string" ? thing.type : "without a type";
  return el("details", { class: "unknown" }, el("summary", {}, `${what} ${kind}: not imitated here`), el("pre", {}, JSON.stringify(thing, null, 1)));
}

// A text object.
export function text(object) {
  if (typeof object?.text !== "string") return "";
  if (object.type === "mrkdwn") return mrkdwn(object.text, object);
  return object.emoji === false ? object.text : plain(object.text);
}

function section(block, how) {
  const fields = block.fields?.length ? el("div", { class: "b-fields" }, block.fields.map((each) => el("div", {}, text(each)))) : "";
  const said = el("div", { class: "b-text" }, block.text ? text(block.text) : "", fields);
  if (!block.accessory) return said;
  return el("div", { class: "b-section" }, said, el("div", { class: "b-accessory" }, element(block, block.accessory, how)));
}

function small(each) {
  return each.type === "image" ? picture(each) : el("span", { class: "b-small" }, text(each));
}

// Pictures lie elsewhere, and nothing leaves this machine: their words stand in their place.
function picture(block) {
  const address = block.image_url ?? block.slack_file?.url ?? "";
  return el("span", { class: "picture", role: "img", "aria-label": block.alt_text ?? "picture", title: address }, `🖼 ${block.alt_text ?? ""}`);
}

function input(block, how) {
  const error = how.errors?.[block.block_id];
  const id = `f-${block.block_id}`;
  const single = !["radio_buttons", "checkboxes", "multi_static_select"].includes(block.element?.type) && !block.element?.type?.startsWith("multi_");
  return el(
    "div",
    { class: error ? "b-input wrong" : "b-input", data: { block: block.block_id } },
    el(single ? "label" : "div", { class: "label", id: `${id}-label`, for: single ? id : null }, text(block.label), block.optional ? el("small", {}, " (optional)") : ""),
    element(block, block.element ?? {}, how, id),
    error ? el("p", { class: "error", role: "alert", id: `${id}-error` }, error) : "",
    block.hint ? el("p", { class: "hint" }, text(block.hint)) : "",
  );
}

// -- elements

const ELEMENTS = {
  button,
  workflow_button: button,
  image: (block, each) => picture(each),
  overflow,
  static_select: (...given) => select(...given, options),
  external_select: (...given) => select(...given, options),
  users_select: (...given) => select(...given, people),
  conversations_select: (...given) => select(...given, places),
  channels_select: (...given) => select(...given, places),
  multi_static_select: (...given) => several(...given, options),
  multi_external_select: (...given) => several(...given, options),
  multi_users_select: (...given) => several(...given, people),
  multi_conversations_select: (...given) => several(...given, places),
  multi_channels_select: (...given) => several(...given, places),
  checkboxes: (...given) => several(...given, options),
  radio_buttons: radios,
  plain_text_input: typed("text"),
  rich_text_input: typed("text"),
  email_text_input: typed("email"),
  url_text_input: typed("url"),
  number_input: typed("number"),
  datepicker: typed("date"),
  timepicker: typed("time"),
  datetimepicker: typed("datetime-local", toMinute, toSeconds),
};

function element(block, each, how, id) {
  return Object.hasOwn(ELEMENTS, each.type) ? ELEMENTS[each.type](block, each, how, id) : unknown("element", each);
}

async function use(each, how, pick) {
  if (each.confirm) {
    const words = Object.fromEntries(Object.entries(each.confirm).map(([name, value]) => [name, text(value)]));
    if (!(await sure(words))) return;
  }
  how.act(each, pick);
}

function button(block, each, how) {
  const press = (event) => {
    event.currentTarget.classList.add("pressed");
    setTimeout((node) => node.classList.remove("pressed"), 400, event.currentTarget);
    use(each, how, { value: each.value });
  };
  const props = { class: each.style ?? "", data: { key: `${each.action_id}${each.value ?? ""}`, action: each.action_id } };
  const made = el("button", { type: "button", ...props, onclick: press }, text(each.text));
  return each.url ? el("span", { class: "with-link" }, made, link(each.url, "↗")) : made;
}

function overflow(block, each, how) {
  const open = (event) =>
    menu(event.currentTarget, each.options.map((option) => [text(option.text), () => use(each, how, { selected: option.value }), option.description?.text]));
  const props = { class: "overflow", "aria-label": "More actions", "aria-haspopup": "menu" };
  return el("button", { type: "button", ...props, data: { key: each.action_id, action: each.action_id }, onclick: open }, "⋯");
}

// Fields of an input block are filled in; anywhere else a choice is told at once.
function choose(block, each, how, answer) {
  if (block.type === "input") how.put(block, each, answer);
  else use(each, how, { selected: answer });
}

const named = (block, each, id, how) => ({
  id,
  data: { key: `${block.block_id}${each.action_id}`, action: each.action_id },
  "aria-label": id ? null : (each.placeholder?.text ?? each.action_id),
  "aria-invalid": how.errors?.[block.block_id] ? "true" : null,
  "aria-describedby": how.errors?.[block.block_id] ? `${id}-error` : null,
});

function select(block, each, how, id, choices) {
  const chosen = how.answer(block, each) ?? "";
  const change = (event) => choose(block, each, how, event.target.value);
  const none = el("option", { value: "" }, each.placeholder?.text ?? "Choose one");
  const node = el("select", { ...named(block, each, id, how), onchange: change }, none, choices(each).map((group) => optgroup(group, chosen)));
  return node;
}

function optgroup([label, rows], chosen) {
  const made = rows.map(([value, name]) => el("option", { value, selected: value === chosen }, name));
  return label ? el("optgroup", { label }, made) : made;
}

function several(block, each, how, id, choices) {
  const chosen = new Set(how.answer(block, each) ?? []);
  const change = (event) => {
    if (event.target.checked) chosen.add(event.target.value);
    else chosen.delete(event.target.value);
    choose(block, each, how, [...chosen]);
  };
  const rows = choices(each).flatMap(([, group]) => group);
  return el("div", { class: "choices", role: "group", "aria-labelledby": `${id}-label` }, rows.map(([value, name, more]) => tick("checkbox", block, each, { value, name, more, checked: chosen.has(value), change })));
}

function radios(block, each, how, id) {
  const chosen = how.answer(block, each);
  const change = (event) => choose(block, each, how, event.target.value);
  const rows = options(each).flatMap(([, group]) => group);
  return el("div", { class: "choices", role: "radiogroup", "aria-labelledby": `${id}-label` }, rows.map(([value, name, more]) => tick("radio", block, each, { value, name, more, checked: value === chosen, change })));
}

function tick(type, block, each, { value, name, more, checked, change }) {
  const props = { type, value, checked, name: `${block.block_id}${each.action_id}`, data: { key: `${block.block_id}${value}` }, onchange: change };
  return el("label", {}, el("input", props), el("span", {}, name, more ? el("small", {}, more) : ""));
}

// A moment is seconds since 1970 to the app, and a text in UTC to the browser.
function toMinute(seconds) {
  return seconds ? new Date(seconds * 1000).toISOString().slice(0, 16) : "";
}

function toSeconds(text) {
  return text ? Date.parse(`${text}Z`) / 1000 : "";
}

function typed(type, show = String, read = String) {
  return (block, each, how, id) => {
    const value = show(how.answer(block, each) ?? "");
    const put = (event) => how.put(block, each, read(event.target.value), event.type === "input");
    const tell = (event) => (block.type === "input" ? put(event) : use(each, how, { selected: read(event.target.value) }));
    const props = { ...named(block, each, id, how), placeholder: each.placeholder?.text, oninput: block.type === "input" ? put : null, onchange: tell };
    const limits = { maxlength: each.max_length, min: each.min_value, max: each.max_value };
    const node = each.multiline || each.type === "rich_text_input" ? el("textarea", { ...props, ...limits, rows: 4 }) : el("input", { type, ...props, ...limits });
    node.value = value;
    return node;
  };
}

// Choices as groups of [label, rows of [value, name, more]].
function options(each) {
  const rows = (list) => (list ?? []).map((one) => [one.value, type(one.text), one.description ? text(one.description) : ""]);
  const groups = (each.option_groups ?? []).map((one) => [one.label?.text ?? "", rows(one.options)]);
  return groups.length ? groups : [["", rows(each.options)]];
}

// A native menu shows text only.
const type = (object) => (object?.type === "mrkdwn" ? text(object) : (object?.text ?? ""));
const people = () => [["", page.about.users.map((one) => [one.id, one.real_name])]];
const places = () => [["", [...all("channel")].filter((one) => !one.is_im).map((one) => [one.id, `#${one.name}`])]];

// What an element holds before anybody has touched it.
export function begun(each) {
  return (
    each.initial_value ?? each.initial_option?.value ?? each.initial_options?.map((one) => one.value) ?? each.initial_user ??
    each.initial_users ?? each.initial_date ?? each.initial_time ?? each.initial_channel ?? each.initial_conversation ?? each.initial_date_time
  );
}

// -- rich text

function rich(part) {
  if (part.type === "rich_text_list") {
    return el(part.style === "ordered" ? "ol" : "ul", { class: `indent-${Number(part.indent) || 0}` }, (part.elements ?? []).map((each) => el("li", {}, runs(each))));
  }
  const tags = { rich_text_section: "div", rich_text_preformatted: "pre", rich_text_quote: "blockquote" };
  return tags[part.type] ? el(tags[part.type], {}, runs(part)) : unknown("block", part);
}

const runs = (part) => (part.elements ?? []).map(run);

function run(each) {
  const made = RUNS[each.type]?.(each) ?? unknown("element", each);
  const style = each.style ?? {};
  return ["bold", "italic", "strike", "code"].reduce((node, name) => (style[name] ? el({ bold: "b", italic: "i", strike: "s", code: "code" }[name], {}, node) : node), made);
}

const RUNS = {
  text: (each) => String(each.text ?? ""),
  link: (each) => link(String(each.url ?? ""), each.text || String(each.url ?? "")),
  emoji: (each) => emoji(String(each.name)),
  user: (each) => mention(each.user_id),
  usergroup: (each) => group(each.usergroup_id),
  channel: (each) => el("span", { class: "mention" }, `#${channel(each.channel_id)?.name ?? each.channel_id}`),
  broadcast: (each) => el("span", { class: "mention loud" }, `@${each.range}`),
  color: (each) => el("code", {}, String(each.value)),
  date: (each) => String(each.fallback ?? ""),
};

