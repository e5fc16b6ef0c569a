/**
 * The page's own program, as the browser runs it: plain JavaScript of today's browsers. It adds nothing up but votes;
 * amounts are texts as the key has them. Opened from the disk it keeps votes in the browser and saves them as a file;
 * served by `proof view` it sends each one there and shows the whole result.
 */
export const PAGE_SCRIPT = `"use strict";
(() => {
const proof = JSON.parse(document.getElementById("proof").textContent);
const byId = (id) => document.getElementById(id);
const make = (tag, text, name) => {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (name) element.className = name;
  return element;
};
const where = byId("where");
if (proof.notice !== null) { where.textContent = proof.pairs.length + " pairs"; return; }

const served = location.protocol !== "file:";
const store = "spotmeter-proof-" + proof.id;
const keys = { ArrowLeft: "left", ArrowRight: "right", ArrowDown: "same", a: "reject_left", s: "reject_both", d: "reject_right" };
let votes = [];
let busy = false;

const say = (text) => { const place = byId("failed"); place.textContent = text; place.hidden = text === ""; };
const keep = () => {
  if (served) return;
  try { localStorage.setItem(store, JSON.stringify(votes)); say(""); }
  catch { say("This browser keeps nothing for pages from the disk: save votes.json before you close it."); }
};
const standing = () => new Map(votes.map((vote) => [vote.pair, vote]));
const nextPair = () => { const voted = standing(); return proof.pairs.find((pair) => !voted.has(pair.id)); };

async function send(pair, choice) {
  const answer = await fetch("votes", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ pair, choice }),
  });
  if (!answer.ok) throw new Error((await answer.json()).error.message);
}

async function change(pair, choice) {
  if (busy) return;
  busy = true;
  try {
    if (served) await send(pair, choice);
    votes = votes.filter((vote) => vote.pair !== pair);
    if (choice !== null) votes.push({ pair, choice, at: new Date().toISOString() });
    say("");
    keep();
  } catch (cause) {
    say("This vote could not be saved, so it does not count: " + cause.message);
  } finally {
    busy = false;
  }
  show();
}

const vote = (choice) => { const pair = nextPair(); if (pair) change(pair.id, choice); };
const undo = () => { const last = votes.at(-1); if (last) change(last.pair, null); };

function showPicture(side, file) {
  const image = byId(side).querySelector("img");
  if (image.getAttribute("src") !== file) image.src = file;
}

function show() {
  const pair = nextPair();
  const count = standing().size;
  byId("progress").value = count;
  byId("undo").disabled = votes.length === 0;
  byId("vote").hidden = pair === undefined;
  byId("done").hidden = pair !== undefined;
  if (pair === undefined) { where.textContent = "All " + proof.pairs.length + " pairs voted on"; done(); return; }
  byId("result").replaceChildren();
  where.textContent = "Pair " + (count + 1) + " of " + proof.pairs.length;
  showPicture("left", pair.left);
  showPicture("right", pair.right);
  const row = proof.rows.find(({ id }) => id === pair.row);
  byId("prompt").textContent = row.prompt;
  byId("references").replaceChildren(...row.references.map((file, place) => {
    const image = make("img");
    image.src = file;
    image.alt = "Reference " + (place + 1);
    return image;
  }));
  const voted = standing();
  const after = proof.pairs.filter(({ id }) => !voted.has(id))[1];
  if (after) for (const file of [after.left, after.right]) new Image().src = file;
}

function done() {
  byId("next").textContent = served
    ? "Every vote is in the proof's folder."
    : "Save votes.json beside this page; spotmeter proof result FOLDER then gives intervals and tests.";
  byId("show").hidden = served;
  byId("done-title").focus();
  if (served) showServed();
}

function loadKey() {
  if (globalThis.spotmeterProofKey) return Promise.resolve(globalThis.spotmeterProofKey);
  return new Promise((resolve, reject) => {
    const script = make("script");
    script.src = "key.js";
    script.onload = () => resolve(globalThis.spotmeterProofKey);
    script.onerror = () => reject(new Error("key.js is not beside this page"));
    document.body.append(script);
  });
}

function tableOf(caption, columns, rows) {
  const table = make("table");
  table.append(make("caption", caption));
  const head = make("tr");
  for (const [name, kind] of columns) { const cell = make("th", name, kind); cell.scope = "col"; head.append(cell); }
  const top = make("thead");
  top.append(head);
  const body = make("tbody");
  for (const row of rows) {
    const line = make("tr");
    row.forEach((text, place) => line.append(make("td", String(text), columns[place][1])));
    body.append(line);
  }
  table.append(top, body);
  const scroll = make("div", undefined, "scroll");
  scroll.append(table);
  return scroll;
}

/** From the disk: names, prices and counts. Intervals and tests are the command's. */
async function showKey() {
  try {
    const key = await loadKey();
    const voted = standing();
    const tally = new Map(key.candidates.map(({ name }) => [name, { liked: 0, rows: new Map() }]));
    for (const pair of proof.pairs) {
      const { choice } = voted.get(pair.id);
      const [left, right] = key.sides[pair.id];
      const judge = (name, kept) => { const { rows } = tally.get(name); rows.set(pair.row, kept && rows.get(pair.row) !== false); };
      judge(left, choice !== "reject_left" && choice !== "reject_both");
      judge(right, choice !== "reject_right" && choice !== "reject_both");
      if (choice === "left" || choice === "reject_right") tally.get(left).liked += 1;
      if (choice === "right" || choice === "reject_left") tally.get(right).liked += 1;
    }
    byId("result").replaceChildren(
      tableOf("What you saw", [["candidate", ""], ["kept", "figure"], ["of", "figure"], ["preferred in pairs", "figure"], ["USD a picture", "figure"]],
        key.candidates.map(({ name, per_image: price }) => {
          const { liked, rows } = tally.get(name);
          return [name, [...rows.values()].filter(Boolean).length, rows.size, liked, price ?? "-"];
        })),
      ...key.unseen.map((text) => make("p", text, "soft")));
    byId("result").dataset.shown = "key";
  } catch (cause) { say("Names can't be shown: " + cause.message); }
}

async function showServed() {
  try {
    const answer = await fetch("result");
    const result = await answer.json();
    if (!answer.ok) throw new Error(result.error.message);
    byId("result").replaceChildren(
      tableOf("Kept", [["candidate", ""], ["kept", "figure"], ["share", "figure"], ["95 %", "figure"], ["USD a picture", "figure"], ["USD a kept one", "figure"]],
        result.candidates.map((each) => [each.candidate, each.kept + " of " + each.judged, each.share_text, each.interval_text, each.per_image ?? "-", each.per_kept_image ?? "-"])),
      tableOf("Held against each other", [["pair", ""], ["first preferred", "figure"], ["second preferred", "figure"], ["neither", "figure"], ["p, exact sign test", "figure"]],
        result.pairs.map((each) => [each.candidates.join(" : "), each.first, each.second, each.neither, each.p])),
      ...result.said.map((text) => make("p", text)));
    byId("result").dataset.shown = "result";
  } catch (cause) { say("The result can't be shown: " + cause.message); }
}

function save() {
  const file = { object: "proof.votes", proof: proof.id, votes };
  const link = make("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(file, null, 2) + "\\n"], { type: "application/json" }));
  link.download = "votes.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 0);
}

const large = byId("large");
large.querySelector("button").addEventListener("click", () => large.close());
large.addEventListener("click", (event) => { if (event.target !== large.querySelector("button")) large.close(); });
for (const side of ["left", "right"]) {
  byId(side).addEventListener("click", () => {
    const image = large.querySelector("img");
    image.src = byId(side).querySelector("img").src;
    image.alt = side === "left" ? "Left picture, large" : "Right picture, large";
    large.showModal();
  });
}
for (const button of document.querySelectorAll("[data-choice]")) button.addEventListener("click", () => vote(button.dataset.choice));
byId("undo").addEventListener("click", undo);
byId("back").addEventListener("click", undo);
byId("show").addEventListener("click", showKey);
byId("export").addEventListener("click", save);
document.addEventListener("keydown", (event) => {
  if (large.open || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key === "u" || key === "Backspace") { event.preventDefault(); undo(); return; }
  const choice = keys[key];
  if (choice === undefined) return;
  event.preventDefault();
  vote(choice);
});

async function start() {
  try {
    if (served) {
      const answer = await fetch("votes");
      votes = (await answer.json()).votes;
    } else {
      const known = new Set(proof.pairs.map(({ id }) => id));
      votes = JSON.parse(localStorage.getItem(store) ?? "[]").filter(({ pair }) => known.has(pair));
    }
  } catch (cause) { say("Earlier votes can't be read: " + cause.message); }
  show();
}
start();
})();
`;
