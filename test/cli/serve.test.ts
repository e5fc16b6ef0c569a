import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  callsOf,
  finish,
  MUG,
  MUG_ORDER,
  spotmeter,
  startServer,
  startSpotmeter,
  temporaryFolder,
} from "./spotmeter.ts";

const ORDER = { model: "gpt-image-2", prompt: MUG, quality: "low", size: "1024x1024" };

/** What run.json and sandbox.json of a home say. */
async function filesOf(home: string) {
  const { readRunFile, readSandboxFile } = await import("../../src/start/home.ts");
  const [run, sandbox] = [readRunFile(home), readSandboxFile(home)];
  if (run === undefined || sandbox === undefined) throw new Error(`no gateway in ${home}`);
  return { run, sandbox };
}

describe("serve", () => {
  it("runs until SIGTERM; the commands of its home go through it, token and key included", async () => {
    using home = temporaryFolder();
    const environment = { SPOTMETER_HOME: home.path };
    await using server = await startServer(["serve", "--port=0"], environment);
    const { run, sandbox } = await filesOf(home.path);
    expect(server).toMatchObject({ url: run.address, pid: run.pid, world: "sandbox" });

    const account = await spotmeter(["accounts", "create", "--name=shop", "--json"], environment);
    expect(account).toMatchObject({ code: 0, stderr: "" });
    const picture = [`--out=${home.path}`, "--json"];
    const made = await spotmeter(["generate", ...MUG_ORDER, ...picture], environment);
    expect(made.json().total).toBe("0.005985");
    const calls = await fetch(`${sandbox.emulatorUrl}/__calls`);
    expect((await calls.json()) as object).toMatchObject({ calls: [{ model: "gpt-image-2" }] });

    // Another home with --url: the key must be given, and is.
    using other = temporaryFolder();
    const receipt = await spotmeter(
      ["receipt", made.json().receipt_id, `--url=${server.url}`, `--key=${sandbox.apiKey}`],
      { SPOTMETER_HOME: other.path },
    );
    expect(receipt.stdout).toMatch(/^total USD {2,}0\.005985$/m);
    const verified = await spotmeter(["verify", "--json"], environment);
    expect(verified.json()).toMatchObject({ ok: true, receipts: 1, holds_open: 0 });

    server.child.kill("SIGTERM");
    const ended = await server.finished;
    expect(ended.code).toBe(0);
    expect(ended.stderr).toContain("waiting for calls in flight");
    expect(existsSync(join(home.path, "run.json"))).toBe(false);
  });

  it("at SIGTERM a call in flight is answered and settled before the gateway ends", async () => {
    using home = temporaryFolder();
    const environment = { SPOTMETER_HOME: home.path, EMULATOR_LATENCY_MS: "1500" };
    await using server = await startServer(["serve", "--port=0"], environment);
    const { sandbox } = await filesOf(home.path);
    const answer = post(server.url, sandbox.apiKey, {});
    await callsOf(sandbox.emulatorUrl, 1);
    server.child.kill("SIGTERM");
    const body = (await (await answer).json()) as { usage: { cost_details: { total: string } } };
    expect(body.usage.cost_details.total).toBe("0.005985");
    expect((await server.finished).code).toBe(0);
  });

  it("a second signal ends it at once, and the next start voids what was open", async () => {
    using home = temporaryFolder();
    const environment = { SPOTMETER_HOME: home.path };
    await using server = await startServer(["serve", "--port=0"], environment);
    const { sandbox } = await filesOf(home.path);
    const answer = post(server.url, sandbox.apiKey, { "x-emulate": "hang" }).catch(() => undefined);
    await callsOf(sandbox.emulatorUrl, 1);
    server.child.kill("SIGINT");
    server.child.stderr?.once("data", () => server.child.kill("SIGINT"));
    expect((await server.finished).code).toBe(130);
    await answer;
    const accounts = await spotmeter(["accounts", "list", "--json"], environment);
    expect(accounts.json().data).toMatchObject([{ settled: "0", held: "0" }]);
  });

  it("a port in use, and a home that another gateway owns, are clear errors", async () => {
    using home = temporaryFolder();
    using other = temporaryFolder();
    const environment = { SPOTMETER_HOME: home.path };
    await using server = await startServer(["serve", "--port=0"], environment);
    const { port } = new URL(server.url);
    const refused = await spotmeter(["serve", `--port=${port}`, "--json"], {
      SPOTMETER_HOME: other.path,
    });
    expect(refused.code).toBe(1);
    expect(refused.json().error).toMatchObject({ code: "start_failed" });
    expect(refused.json().error.message).toContain(`port ${port}`);
  });

  it("says its banner for people on standard output", async () => {
    using home = temporaryFolder();
    const child = startSpotmeter(["serve", "--port=0"], { SPOTMETER_HOME: home.path });
    const finished = finish(child);
    await new Promise<void>((resolve) => {
      child.stdout?.on("data", (text: string) => {
        if (text.includes("curl")) resolve();
      });
    });
    child.kill("SIGINT");
    const { code, stdout } = await finished;
    expect(code).toBe(0);
    expect(stdout).toContain("SANDBOX");
    expect(stdout).toContain("0.005985");
  });

  it("in live mode a command needs a key of its own: the sandbox's is not offered", async () => {
    using home = temporaryFolder();
    await using emulator = await startServer(["emulate", "--port=0"], {});
    // First a sandbox, so that sandbox.json is there; then live on the same home.
    await spotmeter(["models", "--json"], { SPOTMETER_HOME: home.path });
    const environment = {
      SPOTMETER_HOME: home.path,
      OPENAI_API_KEY: "sk-test",
      OPENAI_BASE_URL: `${emulator.url}/v1`,
    };
    await using server = await startServer(["serve", "--port=0"], environment);
    expect(server).toMatchObject({ world: "live" });
    const refused = await spotmeter(["quote", ...MUG_ORDER, "--json"], environment);
    expect(refused.code).toBe(2);
    expect(refused.json().error.message).toContain("an API key is needed");
    const account = await spotmeter(["accounts", "create", "--name=a", "--json"], environment);
    const id = `--account=${account.json().id}`;
    const key = await spotmeter(["keys", "create", id, "--name=k", "--json"], environment);
    const live = { ...environment, SPOTMETER_API_KEY: key.json().key };
    const made = await spotmeter(["generate", ...MUG_ORDER, `--out=${home.path}`, "--json"], live);
    expect(made.json()).toMatchObject({ total: "0.005985", receipt: { emulated: false } });
    // Both ledgers are here now.
    const verified = await spotmeter(["verify"], environment);
    expect(verified.stderr).toContain("verifying the live ledger");
    expect(verified.stdout).toContain("live.sqlite");
    const other = await spotmeter(["verify", "--world=sandbox", "--json"], environment);
    expect(other.json()).toMatchObject({ ok: true, receipts: 0 });
  });
});

describe("emulate", () => {
  it("runs alone, names every vendor's variable, and ends at a signal", async () => {
    const child = startSpotmeter(["emulate", "--port=0", "--pictures=small"], {});
    const finished = finish(child);
    const said = await new Promise<string>((resolve) => child.stdout?.once("data", resolve));
    const url = /OPENAI_BASE_URL=(http:\/\/127\.0\.0\.1:\d+)\/v1/.exec(said)?.[1] ?? "";
    expect(await (await fetch(`${url}/__calls`)).json()).toMatchObject({ calls: [] });
    child.kill("SIGTERM");
    expect((await finished).code).toBe(0);
  });

  it("a port in use is a refusal, a bad setting a misuse", async () => {
    await using first = await startServer(["emulate", "--port=0"], {});
    const { port } = new URL(first.url);
    const inUse = await spotmeter(["emulate", `--port=${port}`, "--json"], {});
    expect(inUse.code).toBe(1);
    expect(inUse.json().error.code).toBe("start_failed");
    const bad = await spotmeter(["emulate", "--port=0", "--json"], { EMULATOR_PICTURES: "huge" });
    expect(bad.code).toBe(2);
    expect(bad.json().error.message).toContain("EMULATOR_PICTURES");
  });
});

function post(url: string, key: string, headers: Record<string, string>): Promise<Response> {
  return fetch(`${url}/v1/images/generations`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
    body: JSON.stringify(ORDER),
  });
}
