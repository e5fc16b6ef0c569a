import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startEmulator } from "../../emulators/start.ts";
import { readProofFolder } from "../../src/cli/proof/folder.ts";
import { serveProof } from "../../src/cli/proof/serve-proof.ts";
import { pairsOf } from "../../src/runs/proof/pairs.ts";
import { chromiumPath, startChromium } from "./chromium.ts";
import { callsOf, spotmeter, temporaryFolder } from "./spotmeter.ts";

/** A proof from a file of rows to a preset: in the sandbox, where nobody votes, and live against emulators. */

const place = temporaryFolder();
afterAll(() => place[Symbol.dispose]());
const at = (...names: string[]): string => join(place.path, ...names);

const rows = ["id,name", "mug,ceramic mug", "bowl,rice bowl", "lamp,desk lamp", "vase,glass vase"];
writeFileSync(at("shop.csv"), `${rows.join("\n")}\n`);
writeFileSync(at("prompt.txt"), "Product photo, {name}, white background\n");
const asked = [
  ...["proof", at("shop.csv"), `--template=${at("prompt.txt")}`, "--size=1024x1024"],
  ...["--at=gpt-image-2:low,seedream-4-0", "--rows=3", "--draw-seed=7"],
];

describe("in the sandbox", () => {
  const environment = { SPOTMETER_HOME: at("sandbox") };
  const run = (...args: string[]) => spotmeter(args, environment);

  it("says before it spends what each candidate costs, and refuses what it may not cost", async () => {
    const plan = await run(...asked, "--plan", "--json");
    expect(plan.json()).toMatchObject({
      object: "proof.plan",
      seed: "7",
      emulated: true,
      // Three pictures of seedream-4-0 at a flat 0.03.
      candidates: [{ calls: 3 }, { calls: 3, expected: "0.09", ceiling: "0.09" }],
    });
    const capped = await run(...asked, "--max-cost=0.1", "--yes", "--json");
    expect([capped.code, capped.json().error.code]).toEqual([1, "max_cost_exceeded"]);
  });

  it("tells every row that a candidate can't do, and with --skip-blocked draws others", async () => {
    const sized = ["id,prompt,size", "small,A mug,512x512", "large,A mug,1024x1024"];
    writeFileSync(at("sized.csv"), `${sized.join("\n")}\n`);
    const ask = ["proof", at("sized.csv"), "--at=gpt-image-2:low,seedream-4-0", "--plan", "--json"];
    const blocked = (await run(...ask, "--rows=2")).json().error;
    expect([blocked.code, blocked.blocked.length]).toEqual(["row_blocked", 2]);
    expect(blocked.message).toContain("small at gpt-image-2:low: unsupported_size: size=512x512");
    const others = (await run(...ask, "--rows=1", "--skip-blocked", "--draw-seed=1")).json();
    expect(others.total.calls).toBe(2);
  });

  it.each([
    [["proof", "x.csv"], 2, "--at is needed"],
    [[...asked, "--tries=3"], 2, "--tries 3: must be 1 or 2"],
    [[...asked, "--quality=low"], 2, "--quality: a proof makes one picture of each row"],
    [[...asked.slice(0, -2), "--ids=mug,cup"], 2, "--ids cup: no row is called so"],
    [["proof", "x.csv", "--at=gpt-image-9:low,seedream-4-0"], 2, "gpt-image-9:low: no such model"],
    [["proof", "--resume=/nowhere", "--rows=3"], 2, "the proof's own --rows can't be changed"],
    [["proof", "result", "/nowhere"], 2, "there is no proof"],
    [["proof", "preset", "/nowhere", "Mug"], 2, "must be of a-z, 0-9 and -"],
  ])("%j is refused by name", async (args, code, words) => {
    const refused = await run(...args);
    expect([refused.code, refused.stderr]).toEqual([code, expect.stringContaining(words)]);
  });

  it("shows the pairs with a notice; no vote, result or preset is made of an emulator's pictures", async () => {
    const made = await run(...asked, `--out=${at("shown")}`, "--yes", "--json");
    expect(made.json()).toMatchObject({ made: 6, failed: 0, left: 0, pairs: 3, emulated: true });
    const page = readFileSync(at("shown", "proof.html"), "utf8");
    expect([
      page.includes("no vote and no similarity is taken"),
      page.includes("data-choice="),
    ]).toEqual([true, false]);
    expect(JSON.parse(readFileSync(at("shown", "figures.json"), "utf8")).pictures).toEqual([]);
    for (const args of [
      ["result", at("shown")],
      ["preset", at("shown"), "mug"],
    ]) {
      const refused = await run("proof", ...args, "--json");
      expect([refused.code, refused.json().error.code]).toEqual([1, "sandbox"]);
    }
    const served = await serveProof(await readProofFolder(at("shown")), 0);
    const vote = await post(`${served.url}votes`, { pair: "x", choice: "left" });
    expect([vote.status, await vote.json()]).toMatchObject([409, { error: { code: "sandbox" } }]);
    await served.close();
  });
});

function post(url: string, body: object, headers: Readonly<Record<string, string>> = {}) {
  const sent = { "content-type": "application/json", ...headers };
  return fetch(url, { method: "POST", headers: sent, body: JSON.stringify(body) });
}

describe("live, against emulators", () => {
  let emulator: Awaited<ReturnType<typeof startEmulator>>;
  let environment: Record<string, string>;
  const folder = at("live-proof");
  const run = (...args: string[]) => spotmeter(args, environment);

  beforeAll(async () => {
    emulator = await startEmulator({ pictures: "small" });
    environment = {
      SPOTMETER_HOME: at("live"),
      OPENAI_API_KEY: "sk-none-00000000000000000000",
      OPENAI_BASE_URL: `${emulator.url}/v1`,
      ARK_API_KEY: "none-0000000000000000000000",
      ARK_BASE_URL: `${emulator.url}/api/v3`,
    };
    const account = (await run("accounts", "create", "--name=shop", "--json")).json().id;
    const key = (await run("keys", "create", `--account=${account}`, "--name=x", "--json")).json();
    environment = { ...environment, SPOTMETER_API_KEY: key.key };
  }, 60_000);
  afterAll(() => emulator.close());

  it("a proof whose records were lost goes on without paying twice", async () => {
    const made = await run(...asked, "--tries=2", `--out=${folder}`, "--yes", "--json");
    expect(made.json()).toMatchObject({ made: 12, pairs: 3, emulated: false });
    await callsOf(emulator.url, 12);
    const lines = readFileSync(join(folder, "made.jsonl"), "utf8").trimEnd().split("\n");
    // What a machine leaves that stopped between paying and writing: whole lines, and half of one.
    writeFileSync(
      join(folder, "made.jsonl"),
      `${lines.slice(0, 7).join("\n")}\n${lines[7]?.slice(0, 40)}`,
    );
    const resumed = await run("proof", `--resume=${folder}`, "--yes", "--json");
    expect(resumed.json()).toMatchObject({ made: 12, charged: made.json().charged });
    const called = await (await fetch(`${emulator.url}/__calls`)).json();
    expect(called).toMatchObject({ calls: { length: 12 } });
  });

  it("neither page, data nor names of files say what a picture is of", () => {
    const shown = ["proof.html", "proof.json"].map((file) =>
      readFileSync(join(folder, file), "utf8"),
    );
    expect(shown.join()).not.toMatch(/gpt-image|seedream|:low|0\.03|rcpt_|receipt/);
    const names = readdirSync(join(folder, "pictures"));
    expect(names).toHaveLength(17);
    for (const name of names) expect(name).toMatch(/^[0-9a-f]{32}$/);
  });

  it("no result before every pair has a vote, and no vote from another page", async () => {
    const early = await run("proof", "result", folder, "--json");
    expect(early.json().error.code).toBe("proof_incomplete");
    const served = await serveProof(await readProofFolder(folder), 0);
    const [pair] = JSON.parse(readFileSync(join(folder, "proof.json"), "utf8")).pairs;
    const vote = { pair: pair.id, choice: "left" };
    const refused = [
      await post(`${served.url}votes`, vote, { origin: "http://elsewhere.example" }),
      await post(`${served.url}votes`, { ...vote, choice: "best" }),
      await post(`${served.url}votes`, { ...vote, pair: "x" }),
      await fetch(`${served.url}result`),
      await fetch(`${served.url}key.js`),
    ];
    expect(refused.map(({ status }) => status)).toEqual([409, 409, 409, 409, 404]);
    await served.close();
  });

  // Left out where no browser is installed.
  it.skipIf(chromiumPath === undefined)(
    "clicked through in a browser, undone and reloaded, every vote is kept and the result is shown",
    async () => {
      const served = await serveProof(await readProofFolder(folder), 0);
      await using browser = await startChromium();
      const { page } = browser;
      const voted = (count: number) =>
        page.until(`document.querySelector("#progress").value === ${count}`);
      await page.open(served.url);
      await voted(0);
      await page.press("ArrowLeft");
      await voted(1);
      await page.press("u");
      await voted(0);
      await page.press("ArrowDown");
      await voted(1);
      await page.open(served.url);
      await voted(1);
      await page.evaluate(`document.querySelector('[data-choice="reject_both"]').click()`);
      await voted(2);
      expect(await page.evaluate(`document.body.innerText`)).not.toMatch(/gpt-image|seedream/);
      await page.press("ArrowDown");
      await page.until(`document.querySelector("#result").dataset.shown === "result"`);
      const text = await page.evaluate<string>(`document.querySelector("#result").innerText`);
      expect(text).toContain("gpt-image-2:low");
      expect(text).toContain("2 of 3");
      expect(page.requested.every((url) => url.startsWith(served.url) || url === "data:,")).toBe(
        true,
      );
      await served.close();
    },
    30_000,
  );

  // Left out where no browser is installed.
  it.skipIf(chromiumPath === undefined)(
    "opened from the disk the page asks no network, keeps votes, and loads the key at the end only",
    async () => {
      await using browser = await startChromium();
      const { page } = browser;
      await page.open(`file://${join(folder, "proof.html")}`);
      for (const count of [1, 2, 3]) {
        await page.press("ArrowDown");
        await page.until(`document.querySelector("#progress").value === ${count}`);
      }
      expect(page.requested.filter((url) => url.includes("key.js"))).toEqual([]);
      expect(await page.evaluate(`document.querySelector("#left img").naturalWidth`)).toBe(1024);
      await page.evaluate(`document.querySelector("#show").click()`);
      await page.until(`document.querySelector("#result").dataset.shown === "key"`);
      const text = await page.evaluate<string>(`document.querySelector("#result").innerText`);
      expect(text).toMatch(/seedream-4-0\s+3\s+3\s+0\s+0\.03/);
      expect(page.requested.every((url) => /^(file:|data:)/.test(url))).toBe(true);
    },
    30_000,
  );

  it("its result becomes auto/NAME, which is taken as the proof chose it", async () => {
    const { job, made } = await readProofFolder(folder);
    const at = "2026-11-26T20:00:00.000Z";
    const votes = pairsOf(job, made).map(({ id }) => ({ pair: id, choice: "same", at }));
    rmSync(join(folder, "votes.jsonl"), { force: true });
    const file = join(folder, "saved.json");
    writeFileSync(file, JSON.stringify({ object: "proof.votes", proof: job.id, votes }));
    const told = await run("proof", "result", folder, `--votes=${file}`, "--post", "--json");
    expect(told.json().outcomes_posted).toEqual({ posted: 6, unchanged: 0 });
    const receipt = made.find((each) => each.try === 1)?.receipt_id;
    const judged = await run("receipt", receipt ?? "", "--json");
    expect(judged.json().outcomes).toMatchObject([{ image: 0, kept: true, reason: null }]);
    const preset = await run("proof", "preset", folder, "mug", `--votes=${file}`, "--json");
    expect(preset.json()).toMatchObject({
      chosen: ["gpt-image-2:low"],
      proof: { id: job.id, rows: 3, candidates: [{ kept: 3, judged: 3, share: "1" }, {}] },
    });
    const again = await run("proof", "preset", folder, "mug", `--votes=${file}`, "--json");
    expect(again.json().error.code).toBe("preset_taken");
    const quote = await run("quote", "A mug", "--model=auto/mug", "--size=1024x1024", "--json");
    const { model, warnings, resolved, route } = quote.json();
    expect([model, warnings, resolved[1].sent]).toEqual(["gpt-image-2", [], "low"]);
    expect(route.reasons[1]).toMatch(/^proof proof_\w+, \d{4}-\d\d-\d\d: kept 3 of 3, 95 %/);
  });

  it("another template or price version marks it stale wherever it is used, and changes no choice", async () => {
    writeFileSync(at("prompt.txt"), "Packshot, {name}, white background\n");
    const file = at("live", "presets", "mug.json");
    const preset = JSON.parse(readFileSync(file, "utf8"));
    preset.proof.candidates[0].price_version = "gpt-image-2@2026-01-01";
    writeFileSync(file, JSON.stringify(preset));
    const why =
      "the price of gpt-image-2 is gpt-image-2@2026-04-21, the proof was made at gpt-image-2@2026-01-01";
    const listed = (await run("proof", "list", "--json")).json().data[0];
    // The votes that the preset was made of stay with the proof.
    expect(listed.notes).toEqual([]);
    expect(listed.stale).toEqual([why, `the template ${at("prompt.txt")} is another one now`]);
    const quote = await run("quote", "A mug", "--model=auto/mug", "--size=1024x1024", "--json");
    expect([quote.json().model, quote.json().warnings[0]]).toEqual([
      "gpt-image-2",
      expect.stringContaining(`preset mug is stale: ${why}`),
    ]);
    const compared = (
      await run("compare", "A mug", "--preset=mug", "--size=1024x1024", "--json")
    ).json();
    expect(compared.warnings[0]).toContain("preset mug is stale");
    const ranked = compared.models.filter(({ rank }: { rank: number | null }) => rank !== null);
    expect(ranked).toHaveLength(1);
    const plan = await run(
      "plan",
      at("shop.csv"),
      "--template",
      at("prompt.txt"),
      "--model=auto/mug",
      "--json",
    );
    expect(plan.json().warnings.join()).toContain("another template than it was proven with");
    preset.name = "cup";
    writeFileSync(file, JSON.stringify(preset));
    const broken = await run("quote", "A mug", "--model=auto/mug", "--json");
    expect(broken.json().error.message).toContain("mug.json: is of the name cup");
  });
});
