import { describe, expect, it } from "vitest";
import type { ListedConnection } from "../../src/catalog/connections.ts";
import { loadCatalog } from "../../src/catalog/load.ts";

const load = (text: string): readonly ListedConnection[] =>
  loadCatalog({ folder: "catalog/models", overrides: { text, file: "spotmeter.yaml" } })
    .connections;

function complaints(text: string): string[] {
  try {
    load(text);
  } catch (error) {
    return String(error).split("\n").slice(1);
  }
  return [];
}

/** A list of one connection that is right but for the lines given. */
const withLines = (...lines: readonly string[]): string =>
  `connections:\n  - id: team-a\n    vendor: openai\n    key: env TEAM_A_KEY\n${lines.map((line) => `    ${line}\n`).join("")}`;

const ACCOUNT = "acct_01k9zzzzzzzzzzzzzzzzzzzzzz";

describe("a listed connection", () => {
  it("may say everything", () => {
    const [listed, ...others] = load(`connections:
  - id: openai-team-a
    vendor: openai
    key: env OPENAI_TEAM_A_KEY
    base_url: https://gateway.example.com/v1/
    region: eu
    accounts: [${ACCOUNT}]
    limits:
      images_per_minute: 50
      concurrent: 8
      exposure_per_hour: "2.5"
      vendor_cost_per_day: "100"
      vendor_cost_per_month: "2000"
`);
    expect(others).toEqual([]);
    expect(listed).toMatchObject({
      id: "openai-team-a",
      vendor: "openai",
      keyVariable: "OPENAI_TEAM_A_KEY",
      baseUrl: "https://gateway.example.com/v1",
      region: "eu",
      accounts: [ACCOUNT],
      pace: { imagesPerMinute: 50, concurrent: 8 },
    });
    // In picodollars: 2.5, 100 and 2,000 USD.
    expect(listed?.houseLimits).toEqual({
      exposureHour: 2_500_000_000_000n,
      vendorCostDay: 100_000_000_000_000n,
      vendorCostMonth: 2_000_000_000_000_000n,
    });
    expect(listed?.at("key")).toBe("spotmeter.yaml:4 connections.0.key");
    expect(listed?.at("baseUrl")).toBe("spotmeter.yaml:5 connections.0.baseUrl");
  });

  it("needs an id, a vendor and a key's name only: any account, any pace, no limits of its own", () => {
    const [listed] = load(withLines());
    expect(listed).toMatchObject({
      baseUrl: undefined,
      region: undefined,
      accounts: undefined,
      pace: { imagesPerMinute: undefined, concurrent: undefined },
    });
    expect(listed?.houseLimits).toEqual({});
    // A field that isn't there is told by the entry around it.
    expect(listed?.at("baseUrl")).toBe("spotmeter.yaml:2 connections.0.baseUrl");
  });

  it("keeps its place in the list", () => {
    const entry = (id: string) => `  - { id: ${id}, vendor: google, key: env K }\n`;
    const listed = load(`connections:\n${entry("b")}${entry("a")}${entry("c")}`);
    expect(listed.map(({ id }) => id)).toEqual(["b", "a", "c"]);
  });

  it("is not needed: no list, an empty key and an empty list are the same", () => {
    for (const text of ["", "connections:\n", "connections: []\n"]) expect(load(text)).toEqual([]);
  });

  it("may name a vendor's models in the same file", () => {
    const models = "models:\n  - { id: seedream-6, extends: seedream-5-5 }\n";
    expect(load(models + withLines())).toHaveLength(1);
  });

  it.each([
    ["images_per_minute", 1, 100_000],
    ["concurrent", 1, 10_000],
  ])("%s goes from %i to %i", (name, min, max) => {
    const limits = (value: number) => withLines(`limits: { ${name}: ${value} }`);
    expect(complaints(limits(min))).toEqual([]);
    expect(complaints(limits(max))).toEqual([]);
    const message = `must be a whole number from ${min} to ${max}`;
    for (const value of [min - 1, max + 1, 1.5, -1]) {
      const field = name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());
      expect(complaints(limits(value))).toEqual([
        `spotmeter.yaml:5 connections.0.limits.${field}: ${message}`,
      ]);
    }
  });
});

describe("a list that can't be used is refused with file, line and field", () => {
  it.each([
    [
      "a key itself",
      "connections:\n  - id: team-a\n    vendor: openai\n    key: sk-proj-secret\n",
      "spotmeter.yaml:4 connections.0.key: write env NAME: a key itself never stands here",
    ],
    [
      "a variable that can't be one",
      "connections:\n  - id: team-a\n    vendor: openai\n    key: env 1-2\n",
      "spotmeter.yaml:4 connections.0.key: write env NAME: a key itself never stands here",
    ],
    [
      "a vendor that doesn't exist",
      "connections:\n  - id: team-a\n    vendor: opnai\n    key: env K\n",
      'spotmeter.yaml:3 connections.0.vendor: there is no vendor "opnai": one of alibaba, byteplus, google, openai',
    ],
    [
      "an id that isn't one",
      "connections:\n  - id: Team_A\n    vendor: openai\n    key: env K\n",
      "spotmeter.yaml:2 connections.0.id: must be 1 to 64 of a-z, 0-9 and -, no - first",
    ],
    [
      "an id twice",
      `${withLines()}  - id: team-a\n    vendor: google\n    key: env K\n`,
      'spotmeter.yaml:5 connections.1.id: "team-a" is the id of connections.0 already',
    ],
    [
      "the id of the environment's own connection",
      "connections:\n  - id: openai-live\n    vendor: openai\n    key: env K\n",
      'spotmeter.yaml:2 connections.0.id: "openai-live" is the connection that the environment makes: take another id',
    ],
    [
      "another vendor's too",
      "connections:\n  - id: google-sandbox\n    vendor: openai\n    key: env K\n",
      'spotmeter.yaml:2 connections.0.id: "google-sandbox" is the connection that the environment makes: take another id',
    ],
    [
      "no key",
      "connections:\n  - id: team-a\n    vendor: openai\n",
      "spotmeter.yaml:2 connections.0.key: Invalid input: expected string, received undefined",
    ],
    [
      "a name that nothing reads",
      withLines("limits:", "  image_per_minute: 5"),
      "spotmeter.yaml:6 connections.0.limits.image_per_minute: unknown field",
    ],
    [
      "an address of another kind",
      withLines("base_url: ftp://example.com"),
      "spotmeter.yaml:5 connections.0.baseUrl: must be an http or https URL",
    ],
    [
      "accounts that are none",
      withLines("accounts: [team]"),
      "spotmeter.yaml:5 connections.0.accounts.0: must be an account's id, acct_…",
    ],
    [
      "accounts for nobody",
      withLines("accounts: []"),
      "spotmeter.yaml:5 connections.0.accounts: leave it out to allow every account",
    ],
    [
      "money as a number",
      withLines("limits:", "  concurrent: 1", "  exposure_per_hour: 5"),
      "spotmeter.yaml:7 connections.0.limits.exposurePerHour: Invalid input: expected string, received number",
    ],
    [
      "money in another notation",
      withLines('limits: { vendor_cost_per_day: "1e3" }'),
      "spotmeter.yaml:5 connections.0.limits.vendorCostPerDay: must be a decimal string such as 30.00",
    ],
  ])("%s", (_what, text, complaint) => {
    expect(complaints(text)).toEqual([complaint]);
  });

  it("every mistake of the file is told at once, with those about models", () => {
    const text = `${withLines("region: 7")}models:\n  - { id: x-1, extend: y }\n`;
    expect(complaints(text)).toEqual([
      "spotmeter.yaml:7 models.0.extends: Invalid input: expected string, received undefined",
      "spotmeter.yaml:7 models.0.extend: unknown field",
      "spotmeter.yaml:5 connections.0.region: Invalid input: expected string, received number",
    ]);
  });

  it("a key that stands in the file by mistake is not repeated", () => {
    const text = "connections:\n  - id: team-a\n    vendor: openai\n    key: sk-proj-secret\n";
    expect(complaints(text).join()).not.toContain("sk-proj");
  });
});
