// Modals: the top view of whoever sits here, in a dialog. Answers are kept by view, so that a view that the app
// changes keeps what was typed.

import { begun, blocks, text } from "./blocks.js";
import { byId, el, fill, tell } from "./dom.js";
import { all, page, post } from "./store.js";

const drafts = new Map();
const shown = { key: "", view: null, errors: {}, trouble: "" };
let told = Promise.resolve();

const dialog = byId("modal");
dialog.addEventListener("cancel", (event) => {
  event.preventDefault();
  close(true);
});

// A modal of the page's own: `send(answers)` answers {} or sentences by block id.
let own = null;
export function openOwn(view, send) {
  own = { view: { id: "own", hash: String(Math.random()), ...view }, send };
  drafts.delete("own");
  refresh();
}

const top = () => own?.view ?? [...all("view")].filter((view) => view.user === page.me).at(-1) ?? null;

export function refresh() {
  const view = top();
  const key = view ? `${view.id} ${view.hash}` : "";
  if (key === shown.key) return;
  Object.assign(shown, { key, view, errors: {}, trouble: "" });
  if (!view) {
    dialog.close();
    return;
  }
  draw();
  if (!dialog.open) dialog.showModal();
  dialog.querySelector(".modal-body :is(input, select, textarea), footer button.primary, footer button")?.focus();
}

function draw() {
  const view = shown.view;
  const focused = dialog.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  const submit = view.submit
    ? el("button", { type: "submit", class: "primary", form: "modal-form" }, text(view.submit))
    : "";
  fill(
    dialog,
    el(
      "header",
      {},
      el("h2", { id: "modal-title" }, text(view.title)),
      el("button", { type: "button", class: "quiet", "aria-label": "Close the dialog", onclick: () => close(true) }, "✕"),
    ),
    shown.trouble ? el("p", { class: "error trouble", role: "alert" }, shown.trouble) : "",
    el("form", { id: "modal-form", class: "modal-body", onsubmit: send, novalidate: true }, blocks(view.blocks ?? [], how(view))),
    el("footer", {}, el("button", { type: "button", onclick: () => close(false) }, view.close ? text(view.close) : view.submit ? "Cancel" : "Close"), submit),
  );
  const keyed = [...dialog.querySelectorAll("[data-key]")];
  if (focused !== undefined) keyed.find((node) => node.dataset.key === focused)?.focus();
}

function how(view) {
  const draft = drafts.get(view.id) ?? {};
  drafts.set(view.id, draft);
  return {
    errors: shown.errors,
    answer: (block, each) => draft[block.block_id]?.[each.action_id] ?? stated(view, block, each) ?? begun(each),
    // What is only typed yet is kept here; what is done is told, and goes to the app where the block dispatches.
    put: (block, each, answer, unfinished = false) => {
      draft[block.block_id] = { [each.action_id]: answer };
      if (!unfinished && view !== own?.view) tellApp({ view_id: view.id, action_id: each.action_id, selected: answer });
    },
    act: (each, pick) => tellApp({ view_id: view.id, action_id: each.action_id, ...pick }),
  };
}

function tellApp(body) {
  told = told.then(() => post("slack/click", { user: page.me, ...body })).then((answer) => {
    if (answer.ok === false && top()?.id === body.view_id) trouble(answer);
  });
}

function stated(view, block, each) {
  const state = view.state?.values?.[block.block_id]?.[each.action_id];
  if (!state) return undefined;
  const { selected_option: one, selected_options: some } = state;
  return (
    state.value ?? one?.value ?? some?.map((option) => option.value) ?? state.selected_user ?? state.selected_users ??
    state.selected_date ?? state.selected_time ?? state.selected_channel ?? state.selected_conversation ?? state.selected_date_time ?? undefined
  );
}

async function send(event) {
  event.preventDefault();
  const { view } = shown;
  const button = dialog.querySelector("button[type=submit]");
  if (!button || button.disabled) return;
  button.disabled = true;
  const answers = {};
  for (const block of view.blocks.filter((each) => each.type === "input")) {
    const answer = how(view).answer(block, block.element);
    if (answer !== undefined) answers[block.block_id] = answer;
  }
  const answer = view === own?.view ? await own.send(answers) : await told.then(() => post("slack/submit", { user: page.me, view_id: view.id, values: answers }));
  button.disabled = false;
  if (view === own?.view && answer.ok) own = null;
  if (answer.ok) refresh();
  else if (shown.view === view) complain(answer);
  else tell(answer.error ?? "");
}

function complain(answer) {
  shown.errors = answer.errors ?? {};
  shown.trouble = answer.errors ? "" : `We had some trouble connecting. Try again? (${answer.error})`;
  draw();
  dialog.querySelector("[aria-invalid]")?.focus();
}

function trouble(answer) {
  shown.trouble = `That did not work (${answer.error}).`;
  draw();
}

async function close(whole) {
  const { view } = shown;
  if (own) {
    own = null;
    refresh();
  } else if (view) {
    const answer = await post("slack/close", { user: page.me, view_id: view.id, clear: whole });
    if (answer.ok === false) tell(answer.error);
  }
}
