import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ImageFeed } from "../../src/vendors/wire/image-feed.ts";
import { type JsonPath, JsonScanner, ScanError } from "../../src/vendors/wire/scan-json.ts";

const SKELETON_MAX = 1_048_576;

function isPicture(path: JsonPath): boolean {
  return path.join("/") === "data//b64_json";
}

type Scan = { readonly skeleton: unknown; readonly pictures: readonly string[] };

/** Feeds the text cut at the given byte offsets. */
function scan(text: string, cuts: readonly number[] = [], max = SKELETON_MAX): Scan {
  const pictures: string[] = [];
  let open: Buffer[] = [];
  const scanner = new JsonScanner(
    {
      isStreamed: isPicture,
      begin: () => {
        open = [];
      },
      piece: (bytes) => open.push(Buffer.from(bytes)),
      end: () => pictures.push(Buffer.concat(open).toString("utf8")),
    },
    max,
  );
  const bytes = Buffer.from(text, "utf8");
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    scanner.write(bytes.subarray(from, cut));
    from = cut;
  }
  return { skeleton: scanner.finish(), pictures };
}

/** What the scanner must come to, by JSON.parse alone: pictures taken out of `data`, empty where they stood. */
function reference(text: string): Scan {
  const pictures: string[] = [];
  const skeleton = JSON.parse(text);
  for (const item of Array.isArray(skeleton?.data) ? skeleton.data : []) {
    if (typeof item?.b64_json !== "string") continue;
    pictures.push(item.b64_json);
    item.b64_json = "";
  }
  return { skeleton, pictures };
}

const bodies: readonly string[] = [
  `{"created":1,"data":[{"b64_json":"AAAA"}],"usage":{"output_tokens":196}}`,
  `{"usage":{"x":1},"data":[{"b64_json":"AA=="},{"b64_json":""},{"b64_json":null},{"b64_json":7}]}`,
  `  {\n"data" : [ { "size":"1x1" , "b64_json" : "QUJD" } ] }\r\n`,
  String.raw`{"prompt":"a \"usage\":{\"output_tokens\":0} mug\\","data":[{"b64_json":"AA"}]}`,
  String.raw`{"da\u0074a":[{"b64\u005fjson":"AAAA"}]}`,
  `{"é":"日本","data":[{"ключ":"\u{1F3A8}","b64_json":"AAAA"}]}`,
  `{"b64_json":"not here","data":{"b64_json":"nor here"}}`,
  `{"data":[{"b64_json":{"b64_json":"too deep"}},[{"b64_json":"too deep"}]]}`,
  `{"data":[{"inner":{"a":[1,{"b":2}]},"b64_json":"AAAA","after":true}],"x":[[],{},""]}`,
  String.raw`{"data":[{"a":"\\","b64_json":"AB"},{"a":"\\\"","b64_json":"CD"}]}`,
];

describe("JsonScanner", () => {
  it.each(bodies)("reads %s as JSON.parse does, wherever the chunks end", (body) => {
    const whole = reference(body);
    expect(scan(body)).toEqual(whole);
    const length = Buffer.byteLength(body);
    const everyByte = Array.from({ length }, (_, index) => index);
    expect(scan(body, everyByte)).toEqual(whole);
    for (let first = 0; first <= length; first += 1) {
      for (let second = first; second <= length; second += 3) {
        expect(scan(body, [first, second])).toEqual(whole);
      }
    }
  });

  it("gives pictures as their bytes stand, escapes included", () => {
    const body = String.raw`{"data":[{"b64_json":"AB\/CD\\\"=="}]}`;
    for (let cut = 0; cut <= body.length; cut += 1) {
      expect(scan(body, [cut]).pictures).toEqual([String.raw`AB\/CD\\\"==`]);
    }
  });

  it.each([
    ["nothing at all", ""],
    ["an end inside a picture", `{"data":[{"b64_json":"AAAA`],
    ["an end inside a key", `{"data`],
    ["an end before the last brace", `{"data":[{"b64_json":"AAAA"}]`],
    ["an end after an escape", String.raw`{"data":[{"b64_json":"AAAA\"}]}`],
    ["two answers in a row", `{"data":[]}{"data":[]}`],
    ["a page that says sorry", "<html><body>502 Bad Gateway</body></html>"],
    ["a missing comma", `{"data":[{"b64_json":"AAAA" "x":1}]}`],
    ["a string for a key's colon", `{"data" "b64_json"}`],
    ["a closing bracket too many", `{"data":[]]}`],
    ["a trailing comma", `{"data":[],}`],
  ])("never takes %s for an answer", (_name, body) => {
    const length = Buffer.byteLength(body);
    for (let cut = 0; cut <= length; cut += 1) {
      expect(() => scan(body, [cut])).toThrow(ScanError);
    }
  });

  it("no beginning of an answer is an answer", () => {
    for (const body of bodies.map((text) => text.trim())) {
      const bytes = Buffer.from(body);
      for (let length = 0; length < bytes.length; length += 1) {
        const cut = bytes.subarray(0, length).toString("latin1");
        expect(() => scan(Buffer.from(cut, "latin1").toString("latin1"))).toThrow(ScanError);
      }
    }
  });

  it("stops at the skeleton's bound, not at the picture's size", () => {
    const picture = "A".repeat(100_000);
    const body = `{"data":[{"b64_json":"${picture}"}]}`;
    expect(scan(body, [], 30).pictures).toEqual([picture]);
    expect(() => scan(body, [], 23)).toThrow("more than 23 bytes beside its pictures");
    expect(() => scan(`{"prompt":"${picture}"}`, [], 1_000)).toThrow(ScanError);
  });

  it("refuses what is nested deeper than any answer, and keys longer than any name", () => {
    expect(() => scan("[".repeat(33) + "]".repeat(33))).toThrow("nested too deep");
    expect(scan("[".repeat(32) + "]".repeat(32)).pictures).toEqual([]);
    expect(() => scan(`{"${"k".repeat(300)}":1}`)).toThrow("overlong key");
  });

  it("agrees with JSON.parse on any JSON, split anywhere", () => {
    const item = fc.dictionary(
      fc.constantFrom("b64_json", "size", "url", "é", "a\\b", '"'),
      fc.oneof(fc.string({ unit: "binary" }), fc.base64String(), fc.jsonValue({ maxDepth: 2 })),
    );
    const answer = fc.record(
      {
        created: fc.integer(),
        data: fc.array(fc.oneof(item, fc.jsonValue({ maxDepth: 1 }))),
        usage: fc.jsonValue({ maxDepth: 3 }),
        prompt: fc.constantFrom('"usage":{}', "\\", '\\"', "\u2028", '{"data":[{"b64_json":"x"}]}'),
      },
      { requiredKeys: [] },
    );
    const cuts = fc.array(fc.nat({ max: 4_000 }), { maxLength: 20 });
    fc.assert(
      fc.property(answer, cuts, fc.constantFrom(undefined, 1, "\t"), (value, places, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        const length = Buffer.byteLength(text);
        const ordered = places.map((place) => place % (length + 1)).toSorted((a, b) => a - b);
        const found = scan(text, ordered);
        const expected = reference(text);
        expect(found.skeleton).toEqual(expected.skeleton);
        expect(found.pictures.map((raw) => JSON.parse(`"${raw}"`))).toEqual(expected.pictures);
      }),
      { numRuns: 2_000 },
    );
  });

  it("takes any bytes for an answer only when JSON.parse does", () => {
    const tokens = fc.constantFrom(
      ...["{", "}", "[", "]", ":", ",", '"', "\\", "data", "b64_json", '"data"', '"b64_json"', "1"],
      ...["null", '"AA"', '{"data":[{"b64_json":"', '"}]}', " ", "\n", "\\u005f"],
    );
    fc.assert(
      fc.property(fc.array(tokens, { maxLength: 14 }), fc.nat(), (parts, place) => {
        const text = parts.join("");
        let found: Scan | undefined;
        try {
          found = scan(text, [place % (text.length + 1)]);
        } catch (cause) {
          expect(cause).toBeInstanceOf(ScanError);
        }
        // A picture's own bytes are not looked at: they may be what JSON forbids inside a string.
        if (found === undefined || found.pictures.length > 0) return;
        expect(found.skeleton).toEqual(JSON.parse(text));
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("ImageFeed", () => {
  it("gives the sink one thing at a time, in order, however it waits and wherever chunks end", async () => {
    const picture = fc.base64String({ maxLength: 60 });
    const runs = fc.asyncProperty(
      fc.array(picture, { maxLength: 4 }),
      fc.array(fc.nat({ max: 300 }), { maxLength: 8 }),
      fc.infiniteStream(fc.boolean()),
      async (pictures, places, waits) => {
        const calls: string[] = [];
        let waiting = false;
        const note = (call: string): void => {
          if (waiting) throw new Error("the sink was not waited for");
          calls.push(call);
        };
        const feed = new ImageFeed({
          // No base64, which may well spell "end".
          begin: () => note("<begin>"),
          end: () => note("<end>"),
          piece: (bytes) => {
            note(bytes.toString("latin1"));
            if (waits.next().value !== true) return undefined;
            waiting = true;
            return Promise.resolve().then(() => {
              waiting = false;
            });
          },
        });
        const items = pictures.map((b64_json, index) => ({ index, b64_json }));
        const bytes = Buffer.from(JSON.stringify({ data: items }));
        const cuts = places.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b);
        let from = 0;
        for (const cut of [...cuts, bytes.length]) {
          await feed.write(bytes.subarray(from, cut));
          from = cut;
        }
        // An empty string is no picture: nothing is begun for it.
        const filled = pictures.filter((text) => text !== "");
        expect(calls.filter((call) => call === "<end>").length).toBe(filled.length);
        expect(calls.join("").replaceAll("<begin>", "").split("<end>").slice(0, -1)).toEqual(
          filled,
        );
        expect(feed.finish()).toEqual({
          skeleton: { data: items.map(({ index }) => ({ index, b64_json: "" })) },
          filled: pictures.map((text) => text !== ""),
        });
      },
    );
    await fc.assert(runs, { numRuns: 500 });
  });
});
