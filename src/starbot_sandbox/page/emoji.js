// Emoji by name: Slack's standard ones of which the sandbox knows, and pictures for custom ones. Those lie on Slack's
// servers, which this page never asks; a custom one that has no sign here is shown by its name.

import { el } from "./dom.js";
import { page } from "./store.js";

const SIGNS = `
+1 👍|-1 👎|100 💯|alarm_clock ⏰|ambulance 🚑|apple 🍎|arrow_right ➡️|arrow_up ⬆️|bangbang ‼️|bell 🔔|blue_circle 🔵
blush 😊|books 📚|bow 🙇|bug 🐛|bulb 💡|calendar 📆|clap 👏|clipboard 📋|clock1 🕐|coffee ☕|confused 😕
construction 🚧|cry 😢|exclamation ❗|eyes 👀|fire 🔥|green_heart 💚|grey_exclamation ❕|grey_question ❔|hand ✋
handshake 🤝|hash #️⃣|heart ❤️|heavy_check_mark ✔️|heavy_multiplication_x ✖️|heavy_plus_sign ➕|hourglass ⌛
hourglass_flowing_sand ⏳|hugging_face 🤗|inbox_tray 📥|information_source ℹ️|joy 😂|key 🔑
leftwards_arrow_with_hook ↩️|link 🔗|lock 🔒|mag 🔍|mailbox 📫|mega 📣|memo 📝|mute 🔇|no_entry ⛔|no_entry_sign 🚫
ok 🆗|ok_hand 👌|orange_circle 🟠|outbox_tray 📤|pager 📟|pencil 📝|pencil2 ✏️|phone ☎️|point_right 👉|point_up ☝️
pray 🙏|pushpin 📌|question ❓|raised_hand ✋|raised_hands 🙌|red_circle 🔴|repeat 🔁|rocket 🚀|rotating_light 🚨
scream 😱|see_no_evil 🙈|shield 🛡️|slightly_smiling_face 🙂|smile 😄|sob 😭|sos 🆘|sparkles ✨|speech_balloon 💬
star ⭐|star2 🌟|stopwatch ⏱️|sweat_smile 😅|tada 🎉|telephone_receiver 📞|thinking_face 🤔|thumbsdown 👎|thumbsup 👍
ticket 🎫|timer_clock ⏲️|warning ⚠️|wave 👋|white_check_mark ✅|white_circle ⚪|wrench 🔧|x ❌|yellow_circle 🟡|zap ⚡
zzz 💤|green-check-mark ✅|escalate 🔺|support-ticket-attention-request 🌟`;
const BY_NAME = new Map(
  SIGNS.trim()
    .split(/[|\n]/)
    .map((pair) => pair.split(" ")),
);

const known = (name) => page.about?.emoji.custom.includes(name) || page.about?.emoji.standard.includes(name);

// The names of the picker: custom ones first.
export function names() {
  return [...page.about.emoji.custom, ...page.about.emoji.standard];
}

// An emoji, or the name between its colons where the workspace has none of that name.
export function emoji(name) {
  const bare = name.split("::")[0];
  if (!known(bare)) return `:${name}:`;
  const sign = BY_NAME.get(bare);
  const label = { role: "img", "aria-label": bare, title: `:${bare}:` };
  return el("span", { class: sign ? "emoji" : "emoji named", ...label }, sign ?? bare);
}
