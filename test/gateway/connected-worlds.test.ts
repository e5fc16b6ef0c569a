import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadCatalog } from "../../src/catalog/load.ts";
import { UNLISTED } from "../../src/gateway/connected-vendor.ts";
import { startGateway } from "../../src/start/gateway.ts";
import { connectVendors, decideWorld } from "../../src/start/world.ts";
import { registrations } from "../../src/vendors/registry.ts";
import { sendJson, serve } from "../core/vendor-bench.ts";
import { baseUrls, openaiReply } from "./replay-vendor.ts";
import { askerOf, MUG, testConfig, until } from "./sandbox.ts";

/** Which connections a start has, from the environment and from what `spotmeter.yaml` lists. */

const TEAMS = `connections:
  - id: team-a
    vendor: openai
    key: env TEAM_A_KEY
    base_url: https://a.example.com/v1
    region: eu
    accounts: [acct_01k9zzzzzzzzzzzzzzzzzzzzzz]
    limits: { images_per_minute: 50, concurrent: 8, exposure_per_hour: "2", vendor_cost_per_day: "100", vendor_cost_per_month: "2000" }
  - id: team-b
    vendor: openai
    key: env TEAM_B_KEY
`;
const EMULATORS = "http://127.0.0.1:4001";

function connect(environment: Readonly<Record<string, string>>, text: string = TEAMS) {
  const config = testConfig(environment);
  const overrides = { text, file: "spotmeter.yaml" };
  const listed = loadCatalog({ folder: "catalog/models", overrides }).connections;
  const world = decideWorld(config, listed);
  const emulatorUrl = world === "sandbox" ? EMULATORS : undefined;
  const { connected, leftOut } = connectVendors(config, {
    world,
    registrations,
    listed,
    emulatorUrl,
  });
  return {
    world,
    connected,
    leftOut: leftOut.map(({ id }) => id),
    /** Each connection as "id address key". */
    lines: connected.map(({ connection: { id, baseUrl, key } }) => `${id} ${baseUrl} ${key}`),
  };
}

describe("live", () => {
  it("begins with the key of a listed connection as with a vendor's own", () => {
    expect(connect({}).world).toBe("sandbox");
    expect(connect({ TEAM_B_KEY: "sk-b" }).world).toBe("live");
    expect(connect({ TEAM_B_KEY: "sk-b", SPOTMETER_MODE: "sandbox" }).world).toBe("sandbox");
    expect(connect({ TEAM_B_KEY: "sk-b", SPOTMETER_MODE: "live" }).world).toBe("live");
    expect(() => connect({ TEAM_B_KEY: " ", SPOTMETER_MODE: "live" })).toThrow(
      "SPOTMETER_MODE=live needs the key of at least one vendor",
    );
  });

  it("has the environment's own connection, then the listed ones, each with its own key and address", () => {
    const keys = { OPENAI_API_KEY: "sk-own", TEAM_A_KEY: " sk-a ", TEAM_B_KEY: "sk-b" };
    expect(connect(keys).lines).toEqual([
      "openai-live https://api.openai.com/v1 sk-own",
      "team-a https://a.example.com/v1 sk-a",
      "team-b https://api.openai.com/v1 sk-b",
    ]);
    const elsewhere = { ...keys, OPENAI_BASE_URL: "https://proxy.example.com/v1/" };
    expect(connect(elsewhere).lines[2]).toBe("team-b https://proxy.example.com/v1 sk-b");
  });

  it("leaves a connection out whose variable is not set; no other key takes its place", () => {
    const { lines, leftOut } = connect({ OPENAI_API_KEY: "sk-own", TEAM_A_KEY: "" });
    expect(lines).toEqual(["openai-live https://api.openai.com/v1 sk-own"]);
    expect(leftOut).toEqual(["team-a", "team-b"]);
    const only = connect({ TEAM_B_KEY: "sk-b" });
    expect(only.lines).toEqual(["team-b https://api.openai.com/v1 sk-b"]);
    expect(only.leftOut).toEqual(["team-a"]);
  });

  it("a variable of no environment at all is not set, whatever its name", () => {
    const text = "connections:\n  - { id: x, vendor: openai, key: env toString }\n";
    expect(connect({ OPENAI_API_KEY: "sk-own" }, text).leftOut).toEqual(["x"]);
  });

  it("carries what the list says of a connection, and nothing of one that isn't listed", () => {
    const { connected } = connect({ OPENAI_API_KEY: "sk-own", TEAM_A_KEY: "sk-a" });
    const [own, team] = connected;
    expect(own).toMatchObject({
      accounts: undefined,
      pace: { imagesPerMinute: undefined, concurrent: undefined },
      houseLimits: {},
    });
    expect(own).toMatchObject(UNLISTED);
    expect(team).toMatchObject({
      vendor: { id: "openai" },
      connection: { id: "team-a", vendor: "openai", region: "eu", loopback: false },
      accounts: ["acct_01k9zzzzzzzzzzzzzzzzzzzzzz"],
      pace: { imagesPerMinute: 50, concurrent: 8 },
      houseLimits: {
        exposureHour: 2_000_000_000_000n,
        vendorCostDay: 100_000_000_000_000n,
        vendorCostMonth: 2_000_000_000_000_000n,
      },
    });
  });
});

describe("the sandbox", () => {
  it("has every listed connection with the emulators' key, whether its own is set or not", () => {
    const sandbox = { SPOTMETER_MODE: "sandbox", TEAM_A_KEY: "sk-a" };
    const { lines, leftOut } = connect(sandbox);
    expect(leftOut).toEqual([]);
    expect(lines.slice(0, 2)).toEqual([
      "team-a http://127.0.0.1:4001/v1 sandbox-emulator-key",
      "team-b http://127.0.0.1:4001/v1 sandbox-emulator-key",
    ]);
    expect(lines.join()).not.toContain("sk-a");
    // Vendors of which none is listed are there as ever.
    expect(lines.slice(2).map((line) => line.split(" ")[0])).toEqual([
      "google-sandbox",
      "alibaba-sandbox",
      "byteplus-sandbox",
    ]);
  });

  it("has the environment's own beside them only where live would have it", () => {
    const sandbox = { SPOTMETER_MODE: "sandbox", OPENAI_API_KEY: "sk-own" };
    expect(connect(sandbox).lines[0]).toBe(
      "openai-sandbox http://127.0.0.1:4001/v1 sandbox-emulator-key",
    );
  });

  it("keeps an address on loopback, and calls the vendor's emulator in the place of any other", () => {
    const text = `connections:
  - { id: near, vendor: google, key: env K, base_url: "http://localhost:9" }
  - { id: far, vendor: google, key: env K, base_url: "http://far.example.com" }
`;
    expect(connect({ GEMINI_BASE_URL: "http://[::1]:7" }, text).lines.slice(1, 3)).toEqual([
      "near http://localhost:9 sandbox-emulator-key",
      "far http://[::1]:7 sandbox-emulator-key",
    ]);
  });
});

describe("a listed connection that would send a key where it must not go is refused", () => {
  const keys = { TEAM_A_KEY: "sk-a", TEAM_B_KEY: "sk-b" };
  const inTheClear = TEAMS.replace("https://a.", "http://a.");
  it.each([
    [
      "in the clear",
      keys,
      inTheClear,
      "spotmeter.yaml:5 connections.0.baseUrl: plain http is for loopback only; a key would go in the clear",
    ],
    [
      "in the clear, by its vendor's variable",
      { ...keys, OPENAI_BASE_URL: "http://proxy.example.com/v1" },
      TEAMS,
      "OPENAI_BASE_URL: plain http is for loopback only",
    ],
    [
      "out of the sandbox, by its vendor's variable",
      { OPENAI_BASE_URL: "https://proxy.example.com/v1" },
      TEAMS,
      "OPENAI_BASE_URL points outside this machine",
    ],
    [
      "at another day's prices",
      { ...keys, SPOTMETER_AS_OF: "2026-06-01" },
      TEAMS,
      "SPOTMETER_AS_OF is refused while openai is called outside this machine",
    ],
    [
      "beside itself without limits",
      {},
      TEAMS.replace("TEAM_B_KEY", "OPENAI_API_KEY"),
      "spotmeter.yaml:11 connections.1.key: OPENAI_API_KEY makes a connection of its own, without limits",
    ],
  ])("%s", (_what, environment, text, message) => {
    expect(() => connect(environment, text)).toThrow(message);
    expect(() => connect(environment, text)).toThrow(
      expect.objectContaining({ name: "ConfigError" }),
    );
  });

  it("one that is left out is not called, and so not looked at", () => {
    expect(connect({ TEAM_B_KEY: "sk-b" }, inTheClear).leftOut).toEqual(["team-a"]);
  });
});

describe("a live start", () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "spotmeter-test-"));
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  it("says each connection with its limits and what is left out, and sends each key over its own only", async () => {
    const reply = openaiReply({ quality: "low", counts: [21, 0, 196, 0] });
    const held: (() => void)[] = [];
    await using vendor = await serve((_request, response) => {
      held.push(() => sendJson(response, 200, reply.body("")));
    });
    const file = join(home, "spotmeter.yaml");
    const each = (id: string, more: object) => ({ id, vendor: "openai", ...more });
    const connections = [
      each("team-a", {
        key: "env TEAM_A_KEY",
        region: "eu",
        limits: {
          images_per_minute: 50,
          concurrent: 1,
          exposure_per_hour: "2.50",
          vendor_cost_per_day: "100",
          vendor_cost_per_month: "2000",
        },
      }),
      each("team-b", { key: "env TEAM_B_KEY", limits: { concurrent: 1 } }),
      each("team-c", { key: "env TEAM_C_KEY" }),
    ];
    // JSON is the subset of YAML that keeps the lines apart as we like them.
    writeFileSync(
      file,
      `{ "connections": [\n${connections.map((c) => JSON.stringify(c)).join(",\n")}]}`,
    );
    const said: string[] = [];
    const gateway = await startGateway(
      testConfig({
        SPOTMETER_HOME: home,
        SPOTMETER_CONFIG: file,
        ...baseUrls(vendor.origin),
        TEAM_A_KEY: "sk-a",
        TEAM_B_KEY: "sk-b",
      }),
      { say: (line) => said.push(line) },
    );
    const { host } = new URL(vendor.origin);
    expect(gateway.world).toBe("live");
    expect(said.filter((line) => /^ {2}(connection|left out) /.test(line))).toEqual([
      `  connection  team-a: openai at ${host}, region eu, 50 images a minute, 1 call at a time, house: 2.5 USD exposed an hour, 100 USD a day, 2000 USD a month`,
      `  connection  team-b: openai at ${host}, 1 call at a time`,
      `  left out    team-c: TEAM_C_KEY is not set (${file}:4 connections.2.key)`,
    ]);
    expect(said.join("\n")).not.toContain("sk-");
    const door = { url: gateway.url, adminToken: gateway.adminToken, apiKey: "" };
    const { admin } = askerOf(door, vendor.origin);
    const account = (await admin("POST", "/accounts", { name: "shop" })).body;
    const { key } = (await admin("POST", "/keys", { account_id: account.id, name: "k" })).body;
    const { generate } = askerOf({ ...door, apiKey: key }, vendor.origin);
    const order = { model: "gpt-image-2", prompt: MUG, quality: "low", size: "1024x1024" };
    const answers = [generate(order), generate(order)];
    await until(() => held.length === 2);
    for (const answer of held) answer();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200]);
    expect(vendor.seen.map(({ headers }) => headers.authorization).toSorted()).toEqual([
      "Bearer sk-a",
      "Bearer sk-b",
    ]);
    await gateway.close();
  });
});
