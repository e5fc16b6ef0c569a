import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ChoiceAsked } from "../../src/gates/order.ts";
import { templateSha256 } from "../../src/runs/prompt-template.ts";
import { StartError } from "../../src/start/errors.ts";
import { keepPresets } from "../../src/start/kept-presets.ts";

/** Presets of proofs in a home: read at a start, and again while the gateway runs. */

const home = mkdtempSync(join(tmpdir(), "spotmeter-kept-presets-"));
const template = join(home, "prompt.txt");
mkdirSync(join(home, "presets"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

function write(name: string, more: object = {}): void {
  const candidate = {
    ...{ candidate: "seedream-4-0", model: "seedream-4-0", quality: null },
    ...{ price_version: "seedream-4-0@2025-08-28", model_sha256: "a".repeat(64) },
    ...{ judged: 24, kept: 22, share: "0.916667", low: "0.730043", high: "0.989736" },
    ...{ per_image: "0.03", per_kept_image: "0.032727272728" },
  };
  const proof = {
    ...{ id: "proof_1", sha256: "b".repeat(64), day: "2026-11-26", folder: "/p", rows: 24 },
    ...{
      candidates: [candidate],
      template: { sha256: templateSha256("A {name}"), file: template },
    },
  };
  const created = "2026-11-26T20:00:00.000Z";
  const preset = { object: "preset", format: 1, name, created, chosen: ["seedream-4-0"], proof };
  const text = JSON.stringify({ ...preset, ...more }, null, 2);
  writeFileSync(join(home, "presets", `${name}.json`), text);
}

const stack = new AsyncDisposableStack();
const log = { warn: vi.fn(), info: vi.fn() };
const keep = (routes: ReadonlyMap<string, ChoiceAsked> = new Map()) =>
  keepPresets(routes, { home, log }, stack);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
});
afterEach(() => {
  vi.useRealTimers();
});
afterAll(() => stack.disposeAsync());

describe("presets of proofs", () => {
  it("are there beside the owner's routes, and one that comes later is taken within two seconds", () => {
    writeFileSync(template, "A {name}\n");
    write("mug");
    const presets = keep(new Map([["sketch", { band: "draft" }]]));
    expect([...presets.keys()]).toEqual(["sketch", "mug"]);
    expect(presets.get("mug")?.proven).toMatchObject({
      candidates: [{ kept: "kept 22 of 24, 95 % interval 73.0 to 99.0 %" }],
      changed: [],
    });
    write("bowl");
    vi.advanceTimersByTime(2_000);
    expect([...presets.keys()]).toEqual(["sketch", "bowl", "mug"]);
  });

  it("say that their template changed as soon as its file did", () => {
    writeFileSync(template, "A {name}\n");
    const presets = keep();
    expect(presets.get("mug")?.proven?.changed).toEqual([]);
    writeFileSync(template, "The {name}, from above\n");
    vi.advanceTimersByTime(2_000);
    expect(presets.get("mug")?.proven?.changed).toEqual([
      `the template ${template} is another one now`,
    ]);
  });

  it("a file that becomes wrong is told, and what was read before stays; it stops the next start", () => {
    const presets = keep();
    write("mug", { chosen: [] });
    vi.advanceTimersByTime(2_000);
    expect(presets.has("mug")).toBe(true);
    expect(log.warn).toHaveBeenCalledOnce();
    expect(() => keep()).toThrow(StartError);
    expect(() => keep()).toThrow(/mug\.json:\d+ chosen: /);
    write("mug");
  });

  it("a name that spotmeter.yaml has too stops a start: neither silently wins", () => {
    expect(() => keep(new Map([["mug", { band: "draft" }]]))).toThrow(
      "auto/mug is a route of spotmeter.yaml and a preset of a proof",
    );
  });
});
