import { escapeMarkup } from "../../markup.ts";
import type { BlindProof } from "./blind.ts";
import { PAGE_SCRIPT } from "./page-script.ts";
import { PAGE_STYLE } from "./page-style.ts";

/**
 * Nothing from anywhere but beside the page: pictures, and the key when the last vote is in. `file:` is the page's
 * own place where it was opened from the disk.
 */
const POLICY =
  "default-src 'none'; img-src 'self' file: data:; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'self' file:; connect-src 'self'; base-uri 'none'; form-action 'none'";

/** The page of a proof: it needs its pictures beside it, and no network. */
export function proofPage(proof: BlindProof): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>Blind proof of ${proof.pairs.length} pairs</title>
<link rel="icon" href="data:,">
<style>${PAGE_STYLE}</style>
</head>
<body>
<main>
<header><h1>Which picture would you keep?</h1><span class="soft" id="where" role="status" aria-live="polite"></span></header>
${proof.notice === null ? voting(proof) : sheet(proof)}
<noscript><p class="notice">This page needs JavaScript to take votes. It asks nothing of any network.</p></noscript>
</main>
<dialog id="large" aria-label="The picture, large"><button type="button" autofocus>Close</button><img alt=""></dialog>
<script type="application/json" id="proof">${scriptJson(proof)}</script>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
}

function voting(proof: BlindProof): string {
  return `<progress id="progress" max="${proof.pairs.length}" value="0" aria-label="Pairs voted on"></progress>
<p class="failed" id="failed" role="alert" hidden></p>
<section id="vote" aria-label="One pair">
<div class="pair">
${frame("left")}
${frame("right")}
</div>
<div class="votes" role="group" aria-label="Your vote">
${button("left", "Left is better", "←", "keep")}
${button("same", "No difference", "↓", "keep")}
${button("right", "Right is better", "→", "keep")}
${button("reject_left", "Reject left", "A")}
${button("reject_both", "Reject both", "S")}
${button("reject_right", "Reject right", "D")}
</div>
<div class="bar"><button type="button" id="undo">Undo <kbd>U</kbd></button><span class="soft">Better and no difference keep both pictures. Reject a picture that you would not use.</span></div>
<details><summary>What was asked</summary><div class="prompt" id="prompt"></div><div class="references" id="references"></div></details>
</section>
<section id="done" hidden aria-labelledby="done-title">
<h2 id="done-title" tabindex="-1">Every pair has a vote</h2>
<div class="bar"><button type="button" id="show">Show names and prices</button><button type="button" id="export">Save votes.json</button><button type="button" id="back">Undo the last vote</button></div>
<p class="soft" id="next"></p>
<div id="result"></div>
</section>`;
}

function frame(side: "left" | "right"): string {
  const name = side === "left" ? "Left" : "Right";
  return `<figure><figcaption>${name}</figcaption><button type="button" class="frame" id="${side}" aria-label="${name} picture: show it large"><img alt="${name} picture"></button></figure>`;
}

function button(choice: string, text: string, key: string, kind = ""): string {
  return `<button type="button" class="vote ${kind}" data-choice="${choice}">${text} <kbd class="wide" aria-hidden="true">${key}</kbd></button>`;
}

/** All pairs at once, with a notice and without a way to vote. */
function sheet({ notice, pairs }: BlindProof): string {
  const frames = pairs.map(
    ({ row, left, right }) =>
      `<li><div class="pair">${picture(left, `${row}, left`)}${picture(right, `${row}, right`)}</div><span class="soft">${escapeMarkup(row)}</span></li>`,
  );
  return `<p class="notice" id="notice">${escapeMarkup(notice ?? "")}</p><ul class="sheet">${frames.join("")}</ul>`;
}

function picture(file: string, text: string): string {
  return `<img loading="lazy" src="${escapeMarkup(file)}" alt="${escapeMarkup(text)}" width="100%">`;
}

/** JSON that no text in it can break out of. */
function scriptJson(value: object): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}
