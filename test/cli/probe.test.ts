import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Finished, finish, spotmeter, startServer, startSpotmeter } from "./spotmeter.ts";

/** `probe` as a shell sees it, on emulated gateways in processes of their own. */

type Server = Awaited<ReturnType<typeof startServer>>;
let honest: Server;
let liar: Server;
beforeAll(async () => {
  const gateway = ["emulate", "--gateway", "--port=0"];
  [honest, liar] = await Promise.all([
    startServer(gateway, {}),
    startServer([...gateway, "--lie=charges-twice", "--lie=drops=size"], {}),
  ]);
});
afterAll(async () => {
  await honest[Symbol.asyncDispose]();
  await liar[Symbol.asyncDispose]();
});

const probe = (...args: string[]): Promise<Finished> => spotmeter(["probe", ...args], {});
const KEY = "--key=an-auditors-key";

/** A port that was free a moment ago. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

describe("probe", () => {
  it("of an honest gateway: one object, all consistent, exit 0", async () => {
    const { code, json, stderr } = await probe(honest.url, KEY, "--yes", "--json");
    expect(code).toBe(0);
    const said = json();
    expect(Object.keys(said)).toEqual([
      ...["target", "spent", "spent_by", "currency", "models", "emulated", "balance", "stopped"],
      ...["shape_changes", "checks"],
    ]);
    expect(said).toMatchObject({
      ...{ target: `${honest.url}/v1`, spent: "0.028278", spent_by: "balance", stopped: null },
      models: [
        { model: "gpt-image-2.5-flare", calls: 12, expected: "0.028278", ceiling: "0.182951" },
      ],
    });
    expect(said.checks).toHaveLength(16);
    for (const check of said.checks) {
      expect(Object.keys(check)).toEqual([
        ...["id", "model", "verdict", "why", "needs", "evidence", "law"],
      ]);
      expect(check.verdict).toBe("consistent");
    }
    // The plan comes before the first call, and says what it costs.
    expect(stderr.indexOf("Expected 0.028278 USD, at most 0.182951")).toBeGreaterThan(0);
    expect(stderr.indexOf("[1/12] base")).toBeGreaterThan(stderr.indexOf("Expected 0.028278"));
    expect(stderr).not.toContain("an-auditors-key");
  });

  it("of a liar: each lie with its law and its calls, exit 1", async () => {
    const { code, stdout } = await probe(liar.url, KEY, "--yes", "--model=gpt-image-2");
    expect(code).toBe(1);
    const found = stdout.split("\n").filter((line) => line.startsWith("inconsistent"));
    expect(found.map((line) => line.split(/ {2,}/))).toEqual([
      ["inconsistent", "honours_size", "1408x480 was asked for, 1254x1254 came"],
      // 19 x 0.000005 + 229 x 0.00003.
      ["inconsistent", "idempotency", "the repetition was charged 0.006965 USD"],
    ]);
    expect(stdout).toContain("  law: the same order with the same Idempotency-Key is one purchase");
    expect(stdout).toContain("14 consistent, 2 inconsistent, 0 can't be told");
  });

  it("nothing is spent where it is misused or refused, and why is said", async () => {
    const closed = await closedPort();
    const cases: readonly (readonly [readonly string[], number, string])[] = [
      [[honest.url, "--yes"], 2, "--key is needed"],
      [["gateway.example", KEY], 2, "must be an address such as"],
      [[honest.url, KEY], 1, "nobody is there to ask, so --yes is needed"],
      [
        [honest.url, KEY, "--yes", "--max-cost=0.1"],
        1,
        "--max-cost 0.1: 12 calls may cost up to 0.182951 USD",
      ],
      [[honest.url, KEY, "--yes", "--model=gpt-9"], 2, "gpt-9 is not in the catalog"],
      [[honest.url, "--key=bad-key", "--yes"], 1, "does not take this key: 401"],
      [[honest.url, "--key=poor-key", "--yes"], 1, "it answers 402: This key has no credits"],
      [[`http://127.0.0.1:${closed}`, KEY, "--yes"], 1, `no gateway answers at http://127.0.0.1`],
    ];
    const run = async ([args, exitCode, why]: (typeof cases)[number]): Promise<void> => {
      const { code, stdout, stderr } = await probe(...args);
      expect([code, stdout]).toEqual([exitCode, ""]);
      expect(stderr).toContain(why);
    };
    await Promise.all(cases.map(run));
    const { charges } = (await (await fetch(`${honest.url}/__charges`)).json()) as {
      charges: { key: string }[];
    };
    expect(charges.filter(({ key }) => key !== "an-auditors-key")).toEqual([]);
    // Pictures of the first audit alone: base, tier, several, two long prompts, edit.
    expect(charges).toHaveLength(6);
  });

  it("Ctrl-C waits for the call under way, judges what is known and sends nothing more", async () => {
    await using slow = await startServer(
      ["emulate", "--gateway", "--port=0", "--latency-ms=300"],
      {},
    );
    const child = startSpotmeter(["probe", slow.url, KEY, "--yes", "--json"], {});
    const finished = finish(child);
    child.stderr?.on("data", (text: string) => {
      if (text.includes("] tier")) child.kill("SIGINT");
    });
    const { code, json, stderr } = await finished;
    expect(code).toBe(0);
    const { stopped, models, checks } = json();
    expect(stopped.code).toBe("interrupted");
    expect(models[0].calls).toBe(4);
    expect(checks[1]).toMatchObject({ id: "honours_size", verdict: "consistent" });
    expect(stderr).toContain("stopping: the call that was sent will be billed");
  });
});

describe("emulate --gateway", () => {
  it("a lie that nobody knows, and one without a gateway, are misuse", async () => {
    const [unknown, alone] = await Promise.all([
      spotmeter(["emulate", "--gateway", "--lie=all"], {}),
      spotmeter(["emulate", "--lie=n-once"], {}),
    ]);
    expect([unknown.code, unknown.stderr]).toEqual([
      2,
      expect.stringContaining("--lie all: not known"),
    ]);
    expect([alone.code, alone.stderr]).toEqual([2, expect.stringContaining("goes with --gateway")]);
  });
});
