import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type S3StandIn, startS3 } from "../gateway/s3-stand-in.ts";
import {
  finish,
  MUG,
  spotmeter,
  startServer,
  startSpotmeter,
  temporaryFolder,
} from "./spotmeter.ts";

/** A file of rows from its first reading to its last picture, on one gateway whose vendor is an emulator of its own. */

const home = temporaryFolder();
afterAll(() => home[Symbol.dispose]());

let emulator: Awaited<ReturnType<typeof startServer>>;
let server: Awaited<ReturnType<typeof startServer>>;
const environment = { SPOTMETER_HOME: join(home.path, "home") };

beforeAll(async () => {
  emulator = await startServer(["emulate", "--port=0"], environment);
  server = await startServer(["serve", "--port=0"], {
    ...environment,
    OPENAI_BASE_URL: `${emulator.url}/v1`,
  });
}, 60_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await emulator[Symbol.asyncDispose]();
});

const folder = (name: string): string => join(home.path, name);
const FLAGS = ["--model=gpt-image-2", "--quality=low", "--size=1024x1024"];

function fileOf(name: string, text: string): string {
  const file = folder(`${name}.csv`);
  writeFileSync(file, text);
  return file;
}

const run = (name: string, text: string, ...more: string[]) =>
  spotmeter(["run", fileOf(name, text), `--out=${folder(name)}`, ...FLAGS, ...more], environment);

/** Rows of the standard prompt, whose picture costs 0.005985 and at most 0.006305. */
function mugs(...rows: readonly (readonly [id: string, emulate: string])[]): string {
  return `id,prompt,x-emulate\n${rows.map(([id, emulate]) => `${id},"${MUG}",${emulate}\n`).join("")}`;
}

function linesOf(name: string) {
  const text = readFileSync(join(folder(name), "manifest.jsonl"), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

/** Until the first picture of a run lies there: by then whoever follows it listens to signals. */
async function written(name: string): Promise<void> {
  const file = join(folder(name), "manifest.jsonl");
  await vi.waitFor(() => expect(readFileSync(file, "utf8")).toContain("\n"), { timeout: 50_000 });
}

async function vendorCalls(): Promise<number> {
  const answer = await fetch(`${emulator.url}/__calls`);
  return ((await answer.json()) as { readonly calls: readonly unknown[] }).calls.length;
}

async function runCount(): Promise<number> {
  return (await spotmeter(["run", "list", "--json"], environment)).json().data.length;
}

describe("a file", () => {
  it("becomes pictures, a manifest that adds up, and lists of what was not made", async () => {
    const rows = `${mugs(["a", ""], ["b/1", ""], ["bad", "moderation"], ["lost", "cut"])}`;
    const finished = await run("golden", rows, "--yes", "--json", "--max-cost=1");
    expect(finished.stderr).toBe("");
    expect(finished.json()).toMatchObject({
      state: "ended",
      counts: { done: 2, moderated: 1, unknown: 1, waiting: 0, running: 0 },
      // 4 x 0.005985, 4 x 0.006305
      ...{ expected: "0.02394", ceiling: "0.02522" },
      // 2 x 0.005985; the ceiling of the one whose answer was cut
      ...{ settled: "0.01197", held: "0", exposure: "0.006305" },
      changes: { added: 4, changed: 0, unchanged: 0, removed: 0 },
      files: { pictures: 2, moderated: 1, failures: 1 },
      emulated: true,
    });
    expect(linesOf("golden")).toEqual([
      expect.objectContaining({ id: "a", file: "a.png", width: 1024, charge: "0.005985" }),
      expect.objectContaining({ id: "b/1", file: "b-1.png", quality: "low", emulated: true }),
    ]);
    const list = (name: string): string => readFileSync(join(folder("golden"), name), "utf8");
    expect(list("moderated.csv")).toMatch(
      /^id,line,categories,code,receipt.*\r\nbad,4,.*,moderation_blocked,rcpt_/,
    );
    expect(list("failures.csv")).toMatch(
      /\r\nlost,5,unknown,outcome_unknown,.*,rcpt_\w+,0\.006305,/,
    );
    expect(readdirSync(folder("golden")).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  it("that is run again into the same folder calls nobody for what is unchanged; lost files come back unpaid", async () => {
    expect((await run("again", mugs(["a", ""], ["b", ""], ["c", ""]), "--yes")).code).toBe(0);
    const before = await vendorCalls();
    rmSync(join(folder("again"), "a.png"));
    writeFileSync(join(folder("again"), "b.png"), "something else");
    const text = `${mugs(["a", ""], ["b", ""])}d,A blue mug,\n`;
    const again = await run("again", text, "--yes", "--json");
    expect(again.json()).toMatchObject({
      changes: { added: 1, changed: 0, unchanged: 2, removed: 1 },
      files: { pictures: 3, fetched: 3 },
    });
    expect((await vendorCalls()) - before).toBe(1);
    expect(linesOf("again").map(({ id }) => id)).toEqual(["a", "b", "d"]);
    expect(
      readFileSync(join(folder("again"), "b.png"))
        .subarray(1, 4)
        .toString(),
    ).toBe("PNG");
  });

  it("with a changed prompt runs its changed rows, and what they cost before stays counted", async () => {
    const prompt = (name: string) => `id,name\na,mug\nb,${name}\n`;
    const flags = ["--prompt", "A {name}", "--yes", "--json"];
    const first = (await run("prompt", prompt("bowl"), ...flags)).json();
    const second = (await run("prompt", prompt("vase"), ...flags)).json();
    expect(second.id).toBe(first.id);
    expect(second.changes).toEqual({ added: 0, changed: 1, unchanged: 1, removed: 0 });
    // "A mug", "A bowl", "A vase" are 2 tokens: 8 x 0.000005 + 0.00588 = 0.00592 each
    expect([first.settled, second.settled]).toEqual(["0.01184", "0.01776"]);
  });

  it("stops under --max-cost before the row that would not fit, and goes on where it is raised", async () => {
    const rows = mugs(["a", ""], ["b", ""], ["c", ""]);
    // Two charges and one ceiling, less a picodollar: 2 x 0.005985 + 0.006305 - 0.000000000001
    const cap = "--max-cost=0.018274999999";
    const stopped = await run("cap", rows, "--yes", "--concurrency=1", cap, "--json");
    expect(stopped.code).toBe(1);
    expect(stopped.json()).toMatchObject({
      state: "stopped",
      stopped: { reason: "cap", row: "c", required: "0.006305", available: "0.006304999999" },
      counts: { done: 2, waiting: 1 },
    });
    const resume = ["run", "resume", folder("cap"), "--max-cost=0.018275", "--json"];
    const resumed = await spotmeter(resume, environment);
    expect([resumed.code, resumed.json().state, resumed.json().settled]).toEqual([
      ...[0, "ended", "0.017955"],
    ]);
  });

  it("adds up line by line: several pictures of one receipt, and rows that share one, are charged once", async () => {
    const text = "id,prompt,n\na,A mug,1\nb,A mug,1\nc,A mug,2\n";
    const shared = await run("shared", text, "--dedupe", "--concurrency=1", "--yes", "--json");
    // 8 x 0.000005 + 0.00588 = 0.00592 for one; two pictures bill the prompt twice: 2 x 0.00592
    expect(shared.json()).toMatchObject({ settled: "0.01776", counts: { done: 3 } });
    expect(linesOf("shared").map(({ file, charge }) => `${file} ${charge}`)).toEqual([
      ...["a.png 0.00592", "b.png 0", "c-0.png 0.01184", "c-1.png 0"],
    ]);
  });

  it("is split by shares: those rows go out at their quality, and all are tagged", async () => {
    const rows = mugs(...Array.from({ length: 8 }, (_, place) => [`m${place}`, ""] as const));
    const finished = await run("split", rows, "--split=medium=50%", "--run=run_split", "--yes");
    expect(finished.stderr).toMatch(/split:medium: \d rows?\nsplit:rest: \d rows?/);
    const share = Number(/split:medium: (\d)/.exec(finished.stderr)?.[1]);
    const qualities = linesOf("split").map(({ quality }) => quality);
    expect(qualities.filter((quality) => quality === "medium").length).toBe(share);
    expect([share > 0, share < 8]).toEqual([true, true]);
    const usage = await spotmeter(["usage", "--by=tag:split", "--json"], environment);
    expect(JSON.stringify(usage.json().data)).toContain('"medium"');
  });
});

describe("a bucket", () => {
  it("gets the pictures and the lists, and what somebody removed comes back unpaid", async () => {
    await using s3 = disposable(await startS3());
    const { endpoint, region, accessKeyId, secretAccessKey } = s3.settings;
    const keys = { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey };
    const settings = { ...environment, ...keys, S3_ENDPOINT: endpoint, S3_REGION: region };
    const file = fileOf("bucket", mugs(["a", ""], ["b", ""]));
    const args = ["run", file, "--out=s3://shop/autumn", ...FLAGS, "--yes", "--json"];
    const finished = await spotmeter(args, settings);
    expect(finished.json().files).toMatchObject({ out: "s3://shop/autumn/", pictures: 2 });
    expect([...s3.objects.keys()].toSorted()).toEqual(
      [".names.jsonl", "a.png", "b.png", "failures.csv", "manifest.jsonl", "moderated.csv"]
        .concat("run.json")
        .map((name) => `shop/autumn/${name}`),
    );
    expect(s3.objects.get("shop/autumn/a.png")?.headers).toMatchObject({
      "content-type": "image/png",
    });
    s3.remove("shop/autumn/a.png");
    const before = await vendorCalls();
    const again = await spotmeter(args, settings);
    expect(again.json().files).toMatchObject({ pictures: 2, fetched: 1 });
    expect([s3.objects.has("shop/autumn/a.png"), await vendorCalls()]).toEqual([true, before]);
  });
});

/** An object store that is closed when its scope ends. */
function disposable(s3: S3StandIn): S3StandIn & AsyncDisposable {
  return { ...s3, [Symbol.asyncDispose]: () => s3.close() };
}

describe("before anything is created", () => {
  it.each([
    ["no --out", ["FILE"], 2, "--out is needed"],
    ["a folder below a file", ["FILE", "--out=/dev/null/x"], 2, "pictures can't be written there"],
    ["a bucket without keys", ["FILE", "--out=s3://shop/x"], 2, "set S3_ACCESS_KEY_ID"],
    ["a name without its end", ["FILE", "--out=DIR", "--name={id}"], 2, "must end in .{ext}"],
    ["a share that is none", ["FILE", "--out=DIR", "--split=low"], 2, "must be QUALITY=SHARE%"],
    ["nobody to ask", ["FILE", "--out=DIR"], 1, "--yes is needed"],
    [
      "a name that nobody fills",
      ["FILE", "--out=DIR", "--name={view}.{ext}"],
      1,
      "no such column, but --name has {view}",
    ],
  ])("%s is refused", async (_, args, code, words) => {
    const file = fileOf("one", mugs(["a", ""]));
    const given = args.map((arg) => arg.replace("FILE", file).replace("DIR", folder("none")));
    const before = await vendorCalls();
    const refused = await spotmeter(["run", ...given, ...FLAGS], environment);
    expect([refused.code, refused.stderr]).toEqual([code, expect.stringContaining(words)]);
    expect(await vendorCalls()).toBe(before);
  });

  it("names that collide are told with both lines, whatever their case, and nothing is made", async () => {
    const before = await runCount();
    const refused = await run(
      "collide",
      mugs(["Mug", ""], ["mUG", ""], ["a/b", ""], ["a:b", ""]),
      "--yes",
    );
    expect(refused.stderr).toContain(":3: its picture mUG.{ext} is line 2's");
    expect(refused.stderr).toContain(":5: its picture a-b.{ext} is line 4's");
    expect([refused.code, existsSync(folder("collide")), await runCount()]).toEqual([
      1,
      false,
      before,
    ]);
  });

  it("a folder that holds something else is refused", async () => {
    mkdirSync(folder("full"));
    writeFileSync(join(folder("full"), "notes.txt"), "mine");
    const refused = await run("full", mugs(["a", ""]), "--yes");
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining("holds other things"),
    ]);
    expect(readdirSync(folder("full")).filter((name) => !name.startsWith("."))).toEqual([
      "notes.txt",
    ]);
  });

  it("a file of thousands of bad rows has every one counted, a thousand told with their lines", async () => {
    const kinds = [
      "a,{colour},gpt-image-2,,",
      ",A mug,gpt-image-2,,",
      "same,A mug,gpt-image-2,,",
      "c,A mug,gpt-image-22,,",
      "d,A mug,gpt-image-2,two,",
      "e,A mug,gpt-image-2,,1040x1040",
      "f,A mug,gpt-image-2,,none.png",
      "g,A mug",
    ];
    // The first of each kind, then many of the last.
    const rows = Array.from({ length: 1_200 }, (_, place) => kinds[place] ?? `g${place},A mug`);
    const text = `id,prompt,model,n,references\nsame,A mug,gpt-image-2,,\n${rows.join("\n")}\n`;
    const refused = await run("thousand", text, "--yes", "--json");
    const { error } = refused.json();
    expect([refused.code, error.code, error.problem_count, error.problems.length]).toEqual([
      ...[1, "bad_rows", 1_200, 1_000],
    ]);
    const told = error.problems
      .slice(0, kinds.length)
      .map(({ line, message }: { line: number; message: string }) => `${line} ${message}`);
    expect(told).toEqual([
      expect.stringMatching(/^3 \{colour\} of the prompt can't be filled/),
      "4 missing",
      "5 same: line 2 has this id already",
      expect.stringMatching(/^6 gpt-image-22: no such model/),
      expect.stringMatching(/^7 two: must be a number/),
      "8 WIDTHxHEIGHT is enough for a plan; a run needs the file",
      "9 none.png: no such file",
      "10 2 cells, but the header names 5 columns",
    ]);
    expect(existsSync(folder("thousand"))).toBe(false);
  });
});

describe("a run that is interrupted", () => {
  const slow = (count: number) =>
    mugs(...Array.from({ length: count }, (_, place) => [`s${place}`, "slow=250"] as const));
  const launch = (name: string, ...more: string[]) =>
    startSpotmeter(
      [
        "run",
        fileOf(name, slow(4)),
        `--out=${folder(name)}`,
        ...FLAGS,
        "--concurrency=1",
        "--yes",
        ...more,
      ],
      environment,
    );

  it("by kill -9 of whoever follows it goes on, and the next finds all of it, nothing paid twice", async () => {
    const before = await vendorCalls();
    const child = launch("killed");
    const finished = finish(child);
    await written("killed");
    const second = await spotmeter(["run", "resume", folder("killed")], environment);
    expect(second.stderr).toMatch(/is being written by process \d+ on .*--follow watches it/);
    child.kill("SIGKILL");
    await finished;
    const resumed = await spotmeter(["run", "resume", folder("killed"), "--json"], environment);
    expect(resumed.json()).toMatchObject({
      state: "ended",
      counts: { done: 4 },
      settled: "0.02394",
    });
    expect([linesOf("killed").length, (await vendorCalls()) - before]).toEqual([4, 4]);
  });

  it("by Ctrl-C is paused when its calls have ended, and says how to go on", async () => {
    const child = launch("paused");
    const finished = finish(child);
    await written("paused");
    child.kill("SIGINT");
    const paused = await finished;
    expect(paused.stderr).toContain(
      "pausing: calls under way are waited for (again to stop at once)",
    );
    expect(paused.stdout).toContain(`spotmeter run resume ${folder("paused")}`);
    expect(paused.code).toBe(1);
    const status = (
      await spotmeter(["run", "status", folder("paused"), "--json"], environment)
    ).json();
    expect([status.state, status.counts.running, status.held]).toEqual(["paused", 0, "0"]);
    expect(linesOf("paused").length).toBe(status.counts.done);
    const cancelled = await spotmeter(["run", "cancel", folder("paused"), "--json"], environment);
    expect(cancelled.json()).toMatchObject({ state: "cancelled", counts: { waiting: 0 } });
  });

  it("by a full disk is paused, and its pictures come when there is room", async () => {
    const file = fileOf("disk", mugs(["a", ""], ["b", "slow=400"], ["c", "slow=400"], ["d", ""]));
    const given = [`--out=${folder("disk")}`, ...FLAGS, "--concurrency=1", "--yes", "--json"];
    const args = ["run", file, ...given];
    // No file of this process may be larger than one block: lists fit, no picture does.
    const launcher = new URL("../../bin/spotmeter", import.meta.url).pathname;
    const child = spawn("sh", ["-c", 'ulimit -f 1; exec "$@"', "sh", launcher, ...args], {
      env: { ...process.env, ...environment, NODE_DISABLE_COMPILE_CACHE: "1" },
    });
    child.stdout.setEncoding("utf8");
    child.stderr.setEncoding("utf8");
    const full = await finish(child);
    expect(full.json().error.code).toBe("disk_full");
    expect(full.stderr).toContain("the disk is full");
    const status = await spotmeter(["run", "status", folder("disk"), "--json"], environment);
    expect(status.json()).toMatchObject({ state: "paused", counts: { running: 0 } });
    expect(status.json().counts.waiting).toBeGreaterThan(0);
    const resumed = await spotmeter(["run", "resume", folder("disk"), "--json"], environment);
    // 4 x 0.005985
    expect(resumed.json()).toMatchObject({
      ...{ state: "ended", settled: "0.02394", files: { pictures: 4 } },
    });
  });
});
