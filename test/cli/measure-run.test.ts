import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { finish, spotmeter, startServer, startSpotmeter, temporaryFolder } from "./spotmeter.ts";
import { type Tamper, tamperingVendor } from "./tampering-vendor.ts";

/** A run that is asked for, refused, interrupted, resumed; a vendor whose law or answer changes under it. */

const home = temporaryFolder();
afterAll(() => home[Symbol.dispose]());

let emulator: Awaited<ReturnType<typeof startServer>>;
let vendor: Awaited<ReturnType<typeof tamperingVendor>>;
let server: Awaited<ReturnType<typeof startServer>>;
let tamper: Tamper;
const honest: Tamper = (body) => ({ body });
const environment = { SPOTMETER_HOME: join(home.path, "home") };

beforeAll(async () => {
  tamper = honest;
  emulator = await startServer(["emulate", "--port=0"], environment);
  vendor = await tamperingVendor(emulator.url, (body, call) => tamper(body, call));
  server = await startServer(["serve", "--port=0"], {
    ...environment,
    OPENAI_BASE_URL: `${vendor.url}/v1`,
  });
}, 60_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await vendor[Symbol.asyncDispose]();
  await emulator[Symbol.asyncDispose]();
});

const folder = (name: string): string => join(home.path, name);
const measure = (...args: string[]) => spotmeter(["measure", ...args], environment);
const quality = (name: string, ...more: string[]) =>
  measure("quality", "--models=gpt-image-2", "--yes", `--out=${folder(name)}`, ...more);

function resultsOf(name: string) {
  const text = readFileSync(join(folder(name), "results.jsonl"), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

const halved: Tamper = (body) => {
  const output = body.usage.output_tokens / 2;
  const total = body.usage.input_tokens + output;
  return {
    body: {
      ...body,
      usage: {
        ...body.usage,
        output_tokens: output,
        output_tokens_details: { image_tokens: output, text_tokens: 0 },
        total_tokens: total,
      },
    },
  };
};

describe("before anything is spent", () => {
  it("the plan says calls, expected and worst-case price, and without --yes nobody is called", async () => {
    const before = vendor.calls();
    const refused = await measure("quality", "--models=gpt-image-2", `--out=${folder("never")}`);
    expect(refused.code).toBe(1);
    // 0.005985 + 0.052785 + 0.210825 + 0.012015 + 0.107145 + 0.428265; each at most 0.00032 more
    expect(refused.stderr).toMatch(/^quality +6 +0 +0\.81702 +0\.81894$/m);
    expect(refused.stderr).toContain("--yes is needed");
    expect([vendor.calls() - before, existsSync(folder("never"))]).toEqual([0, false]);
  });

  it("--max-cost refuses a plan whose worst case is above it, --yes or not", async () => {
    const refused = await quality("dear", "--max-cost=0.5", "--json");
    expect([refused.code, refused.json().error.code]).toEqual([1, "max_cost_exceeded"]);
    expect(refused.json().error.message).toContain("up to 0.81894 USD (expected 0.81702)");
  });

  it("--plan prints it and ends", async () => {
    const plan = await measure("quality", "count", "--models=gpt-image-2", "--plan", "--json");
    expect(plan.json()).toMatchObject({
      sweeps: [
        { sweep: "quality", calls: 6, expected: "0.81702" },
        // 0.00602 + 0.02408 + 0.008375 + 0.0335
        { sweep: "count", calls: 4, expected: "0.071975" },
      ],
      total: { calls: 10, expected: "0.888995" },
      emulated: true,
    });
  });

  it.each([
    [["quality", "--models=gpt-image-9", "--yes"], 2, "not in this gateway's list"],
    [["sharpness", "--repeats=0"], 2, "must be from 1 to 100"],
    [["quality", "--resume=/nowhere"], 2, "can't be changed"],
    [["--resume=/nowhere"], 2, "/nowhere/run.json can't be read"],
    [["quality", "--yes", "--key=sm_sandbox_wrong"], 1, "key"],
    [["quality", "--yes", "--url=http://127.0.0.1:9", "--key=k"], 1, "no gateway answers"],
  ])("%j is refused by name", async (args, code, words) => {
    const refused = await measure(...args);
    expect([refused.code, refused.stderr]).toEqual([code, expect.stringContaining(words)]);
  });
});

describe("a vendor's law", () => {
  it("that changes changes the report; `measure diff` finds it and exits with 1", async () => {
    expect((await quality("before")).code).toBe(0);
    tamper = halved;
    expect((await quality("after")).code).toBe(0);
    tamper = honest;
    expect(readFileSync(join(folder("before"), "report.md"), "utf8")).toContain(
      "| gpt-image-2 | 1024x1024 | high | 7,024 tok | 35.8 | 0.210825 |",
    );
    // 21 x 0.000005 + 3,512 x 0.00003
    expect(readFileSync(join(folder("after"), "report.md"), "utf8")).toContain(
      "| gpt-image-2 | 1024x1024 | high | 3,512 tok | 35.8 | 0.105465 |",
    );
    expect(readFileSync(join(folder("after"), "report.md"), "utf8")).toContain(
      "0 of 6 calls came to exactly what the quote foretold.",
    );
    const diff = await measure("diff", folder("before"), folder("after"), "--json");
    expect(diff.code).toBe(1);
    const { changes, same } = diff.json();
    expect(changes).toContainEqual({
      kind: "tokens",
      model: "gpt-image-2",
      what: "quality: gpt-image-2, 1024x1024, high",
      before: "image output 7,024, text input 21",
      after: "image output 3,512, text input 21",
    });
    expect([changes.length, same]).toEqual([12, 0]);
    const none = await measure("diff", folder("before"), folder("before"));
    expect([none.code, none.stdout]).toEqual([0, expect.stringContaining("nothing changed")]);
  });

  it("an answer that changes its form in the middle is named; the ceiling stands where usage is missing", async () => {
    let calls = 0;
    tamper = (body) => {
      calls += 1;
      const { usage, ...rest } = body;
      return { body: calls > 3 ? { ...rest, billing: usage } : body };
    };
    const finished = await quality("shape");
    tamper = honest;
    expect(finished.code).toBe(0);
    expect(resultsOf("shape").map(({ measured }) => measured.basis)).toEqual([
      ...["usage", "usage", "usage", "ceiling", "ceiling", "ceiling"],
    ]);
    const text = readFileSync(join(folder("shape"), "report.md"), "utf8");
    expect(text).toMatch(/The usage of gpt-image-2 changed its form during the run: .* no usage\./);
    expect(text).toContain("billed at the ceiling: usage was absent");
  });

  it("a failed call is recorded with its code and costs nothing; --retry-failed makes it again", async () => {
    let calls = 0;
    tamper = (body) => {
      calls += 1;
      const error = { message: "no", type: "invalid_request_error", param: null, code: null };
      return calls === 2 ? { body: { error }, status: 400 } : { body };
    };
    const finished = await quality("failing", "--json");
    tamper = honest;
    expect(finished.json()).toMatchObject({ made: 5, failed: 1, missing: 0 });
    expect(resultsOf("failing")[1]).toMatchObject({
      status: "failed",
      error: { code: "vendor_rejected" },
      measured: { total: "0", basis: "none" },
      receipt_id: expect.stringMatching(/^rcpt_/),
    });
    const again = await measure(
      `--resume=${folder("failing")}`,
      "--retry-failed",
      "--yes",
      "--json",
    );
    // Both stand in the file: what failed is never dropped.
    expect(again.json()).toMatchObject({ made: 6, failed: 1, missing: 0, spent: "0.81702" });
  });
});

describe("an interrupted run", () => {
  it("keeps what was measured, goes on where it stopped, and pays nothing twice", async () => {
    const before = vendor.calls();
    const child = startSpotmeter(
      ["measure", "quality", "--models=gpt-image-2", "--yes", `--out=${folder("stopped")}`],
      environment,
    );
    const finished = finish(child);
    const file = join(folder("stopped"), "results.jsonl");
    tamper = (body) => {
      // Told to stop while its third call is under way.
      if (vendor.calls() === before + 3) child.kill("SIGINT");
      return { body };
    };
    const stopped = await finished;
    tamper = honest;
    expect(stopped.stderr).toContain("stopping after the running call");
    expect([stopped.code, resultsOf("stopped").length]).toEqual([1, 3]);
    expect(readFileSync(join(folder("stopped"), "report.md"), "utf8")).toContain(
      "NOT FINISHED: 3 calls of this run were not made.",
    );
    // A machine that stops in the middle of a line leaves half of one.
    appendFileSync(file, '{"sweep":"quality","cell":{"model":"gpt-im');
    const resumed = await measure(`--resume=${folder("stopped")}`, "--yes", "--json");
    expect(resumed.json()).toMatchObject({ made: 6, missing: 0, spent: "0.81702" });
    expect(vendor.calls() - before).toBe(6);
  });

  it("a call whose record was lost is found by its key: same receipt, no second call", async () => {
    expect((await quality("lost")).code).toBe(0);
    const [before, file] = [vendor.calls(), join(folder("lost"), "results.jsonl")];
    const lines = readFileSync(file, "utf8").split("\n");
    writeFileSync(file, `${lines.slice(0, 5).join("\n")}\n`);
    const resumed = await measure(`--resume=${folder("lost")}`, "--yes", "--json");
    expect(resumed.json()).toMatchObject({ made: 6, missing: 0 });
    expect(resultsOf("lost")[5].receipt_id).toBe(JSON.parse(lines[5] ?? "").receipt_id);
    expect(vendor.calls()).toBe(before);
  });

  it("bad lines are all named, and nothing is begun", async () => {
    const file = join(folder("lost"), "results.jsonl");
    appendFileSync(file, 'no json\n{"sweep":"nothing"}\n');
    const refused = await measure(`--resume=${folder("lost")}`, "--yes");
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("line 7: is not JSON");
    expect(refused.stderr).toContain("line 8: sweep");
  });
});

describe("a limit", () => {
  it("that is reached ends the run, says which, and keeps what was measured", async () => {
    const admin = (...args: string[]) => spotmeter([...args, "--json"], environment);
    const account = (
      await admin("accounts", "create", "--name=small", "--limit-total=0.06")
    ).json();
    const key = (await admin("keys", "create", `--account=${account.id}`, "--name=k")).json();
    const ended = await quality("limited", `--key=${key.key}`);
    expect(ended.code).toBe(1);
    // low and medium fit: 0.005985 + 0.052785; high does not
    expect(ended.stderr).toContain("budget_exceeded");
    expect(ended.stderr).toContain(`spotmeter measure --resume ${folder("limited")}`);
    expect(resultsOf("limited").map(({ status }) => status)).toEqual(["ok", "ok", "failed"]);
    await admin("accounts", "set", account.id, "--limit-total=5");
    const resumed = await measure(
      `--resume=${folder("limited")}`,
      "--yes",
      `--key=${key.key}`,
      "--json",
    );
    expect(resumed.json()).toMatchObject({ made: 6, missing: 0, spent: "0.81702" });
    await vi.waitFor(() => expect(existsSync(join(folder("limited"), "report.html"))).toBe(true));
  });
});

describe("the daily look", () => {
  const watch = (...args: string[]) =>
    spotmeter(
      [
        "watch",
        "--models=gpt-image-2",
        "--price-age-days=9999",
        "--shutdown-days=0",
        "--yes",
        ...args,
      ],
      environment,
    );

  it("finds nothing where lists, laws and catalog agree; a vendor without a list says so", async () => {
    const looked = await watch();
    expect([looked.code, looked.stderr]).toEqual([
      0,
      expect.stringMatching(/^watch +1 +0 +0\.005985/m),
    ]);
    expect(looked.stdout).toContain("openai-sandbox: 13 image models listed");
    expect(looked.stdout).toContain("google-sandbox: 9 image models listed");
    expect(looked.stdout).toContain("alibaba-sandbox: no list published");
    expect(looked.stdout).toContain("nothing to look at");
  });

  it("names a new model, an end that moved, and a law that drifts; exit code 1", async () => {
    tamper = (body, call) => {
      if (call.path !== "/v1/models") return halved(body, call);
      // biome-ignore lint/suspicious/noExplicitAny: the vendor's own JSON
      const data = body.data.map((row: any) =>
        row.id === "gpt-image-2" ? { ...row, shutdown_date: "2027-03-01" } : row,
      );
      return { body: { ...body, data: [...data, { id: "gpt-image-3" }, { id: "gpt-9-mini" }] } };
    };
    const looked = await watch("--json");
    tamper = honest;
    expect(looked.code).toBe(1);
    expect(looked.json().alerts).toEqual([
      {
        kind: "law_drift",
        about: "gpt-image-2",
        message:
          "gpt-image-2, 1024x1024, low: the law says image output 196, the bill says image output 98",
      },
      {
        kind: "new_model",
        about: "gpt-image-3",
        message: "openai lists it, the catalog has no row",
      },
      {
        kind: "shutdown_date",
        about: "gpt-image-2",
        message: "gpt-image-2: the vendor's list says 2027-03-01, the catalog none",
      },
    ]);
    expect(looked.json().compared_with).not.toBeNull();
  });

  it("says which list can't be read, and that nothing was called with --no-calls", async () => {
    const before = vendor.calls();
    tamper = () => ({ body: { error: { message: "down" } }, status: 500 });
    const looked = await watch("--no-calls", "--json");
    tamper = honest;
    expect(looked.json()).toMatchObject({
      alerts: [{ kind: "list_failed", about: "openai-sandbox" }],
      measurement: null,
    });
    expect(vendor.calls() - before).toBe(1);
  });

  it("tells prices that nobody has checked for long, and ends that are near", async () => {
    const told = await spotmeter(
      ["watch", "--no-calls", "--price-age-days=1", "--json"],
      environment,
    );
    const kinds = told.json().alerts.map(({ kind }: { kind: string }) => kind);
    expect(told.code).toBe(1);
    expect(kinds).toContain("price_old");
  });
});
