// The world as the sandbox tells it, who sits here, and what is asked of the controls.

import { tell } from "./dom.js";

export const world = new Map();
export const page = { about: null, me: "U0CASEY", resets: -1 };

const listeners = [];
let ahead = 0;

// Called with { set: [names], gone: [names], rows, first }.
export function subscribe(listener) {
  listeners.push(listener);
}

// The sandbox's clock, in milliseconds.
export const now = () => Date.now() + ahead;

export function* all(kind) {
  const start = `${kind}/`;
  for (const [name, thing] of world) if (name.startsWith(start)) yield thing;
}

export const user = (id) => page.users?.get(id);
export const nameOf = (id) => user(id)?.real_name ?? (id === page.about?.bot.user ? page.about.bot.name : id);
export const channel = (id) => world.get(`channel/${id}`);
export const message = (place, ts) => world.get(`message/${place}/${ts}`);

// POSTs to a control; the answer, with `ok: false` and a sentence where it was refused.
export async function post(path, body = {}) {
  try {
    const answer = await fetch(`/_sandbox/${path}`, { method: "POST", body: JSON.stringify(body) });
    return await answer.json();
  } catch {
    return { ok: false, error: "the sandbox does not answer" };
  }
}

// The same for what needs no answer but where it went wrong.
export async function act(path, body) {
  const answer = await post(path, body);
  if (answer.ok === false) tell(answer.error ?? "that did not work");
  return answer;
}

export async function get(path) {
  return (await fetch(`/_sandbox/${path}`)).json();
}

async function learn() {
  page.about = await get("about");
  page.users = new Map(page.about.users.map((each) => [each.id, each]));
}

// Begins to listen; `offline(true)` while the sandbox is away.
export function listen(offline) {
  const source = new EventSource("/_sandbox/stream");
  let first = true;
  let queue = Promise.resolve();
  let waiting = 0;
  source.onopen = () => {
    first = true;
    offline(false);
  };
  source.onerror = () => offline(true);
  source.onmessage = (event) => {
    const update = JSON.parse(event.data);
    const begins = first;
    first = false;
    const reset = update.set?.world && update.set.world.n !== page.resets;
    if (!begins && !reset && !waiting) {
      apply(update, false);
      return;
    }
    waiting += 1;
    queue = queue.then(async () => {
      if (begins || reset) await learn();
      apply(update, begins || Boolean(reset), begins);
      waiting -= 1;
    });
  };
}

function apply(update, first, whole) {
  ahead = Date.parse(update.now) - Date.now();
  const set = update.set ?? {};
  const gone = whole ? [...world.keys()].filter((name) => !(name in set)) : (update.gone ?? []);
  for (const name of gone) world.delete(name);
  for (const [name, thing] of Object.entries(set)) world.set(name, thing);
  if (set.world) page.resets = set.world.n;
  const change = { set: Object.keys(set), gone, rows: update.rows ?? [], first };
  for (const listener of listeners) listener(change);
}
