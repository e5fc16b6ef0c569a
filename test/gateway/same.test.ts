import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { adoptableSameness, bodyIdentity, keyedSameness } from "../../src/gateway/same.ts";

/** What makes two bodies, and two requests, the same. */

const A = "a".repeat(64);
const B = "b".repeat(64);

describe("two bodies are the same", () => {
  it("whatever the order of their fields, at every depth", () => {
    const fields = fc.dictionary(fc.string(), fc.jsonValue({ noUnicodeString: false }));
    fc.assert(
      fc.property(fields, (asked) => {
        expect(bodyIdentity(turnedRound(asked), [])).toBe(bodyIdentity(asked, []));
      }),
    );
  });

  it.each([
    ["a space after a colon", '{"n": 2}', '{"n":2}'],
    ["null and left out", '{"n":2,"seed":null}', '{"n":2}'],
    ["null and left out further down", '{"tags":{"a":"1","b":null}}', '{"tags":{"a":"1"}}'],
    ["1 and 1.0", '{"n":1}', '{"n":1.0}'],
    ["an escape and its character", '{"prompt":"\\u00e9"}', '{"prompt":"é"}'],
  ])("%s", (_name, one, other) => {
    expect(bodyIdentity(JSON.parse(one), [])).toBe(bodyIdentity(JSON.parse(other), []));
  });

  it("with the same files, whatever other fields stood between them", () => {
    const files = [
      { name: "image", sha256: A },
      { name: "mask", sha256: B },
    ];
    expect(bodyIdentity({}, files)).toBe(bodyIdentity({}, files.toReversed()));
  });
});

describe("two bodies differ", () => {
  it.each([
    ["by a value", '{"n":1}', '{"n":2}'],
    ["by a type", '{"n":1}', '{"n":"1"}'],
    ["by a name", '{"size":"1"}', '{"sizes":"1"}'],
    ["by the order of a list", '{"a":[1,2]}', '{"a":[2,1]}'],
    ["by an empty object", '{"a":{}}', "{}"],
    ["by a list that looks like an object", '{"a":{"b":1}}', '{"a":[["b",1]]}'],
    ["by a list that looks like ours of pairs", '{"a":{"b":1}}', '{"a":{"pairs":[["b",1]]}}'],
    ["by a null in a list", '{"a":[null]}', '{"a":[]}'],
    ["by a prompt's case", '{"prompt":"Mug"}', '{"prompt":"mug"}'],
  ])("%s", (_name, one, other) => {
    expect(bodyIdentity(JSON.parse(one), [])).not.toBe(bodyIdentity(JSON.parse(other), []));
  });

  it("by a file's bytes, its name, its place among files of one name, its being there", () => {
    const [first, second] = [
      { name: "image", sha256: A },
      { name: "image", sha256: B },
    ];
    const ids = [
      [],
      [first],
      [second],
      [first, second],
      [second, first],
      [{ ...first, name: "mask" }],
    ].map((files) => bodyIdentity({ n: 1 }, files));
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe("a request with a key", () => {
  const of = { keyId: "key_1", route: "images/generations", idempotencyKey: "order-1" };

  it("is one of its API key, its route and its Idempotency-Key alone", () => {
    const scopes = [
      of,
      { ...of, keyId: "key_2" },
      { ...of, route: "images/edits" },
      { ...of, idempotencyKey: "order-2" },
      // Joined without a boundary these would read the same.
      { ...of, keyId: "key_1images", route: "/generations" },
    ].map((each) => keyedSameness(each, A).intent?.scope);
    expect(new Set(scopes).size).toBe(scopes.length);
    expect(scopes.every((scope) => /^[0-9a-f]{64}$/.test(scope ?? ""))).toBe(true);
  });

  it("carries its body beside it, and is never adopted", () => {
    expect(keyedSameness(of, A)).toEqual({
      intent: { scope: expect.any(String), body: A },
      adopt: null,
    });
  });

  it("without one a request is the same on its own route only", () => {
    const generations = adoptableSameness("images/generations", A);
    expect(generations).toEqual({ intent: null, adopt: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(adoptableSameness("images/edits", A).adopt).not.toBe(generations.adopt);
    expect(adoptableSameness("images/generations", B).adopt).not.toBe(generations.adopt);
  });
});

/** The same value with the fields of every object in the opposite order. */
function turnedRound<T>(value: T): T {
  if (Array.isArray(value)) return value.map(turnedRound) as T;
  if (value === null || typeof value !== "object") return value;
  const turned = Object.entries(value).map(([name, member]) => [name, turnedRound(member)]);
  return Object.fromEntries(turned.reverse()) as T;
}
