import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csvRows } from "../../src/imports/csv-records.ts";
import { readDollars } from "../../src/imports/dollars.ts";
import { jsonRecords } from "../../src/imports/json-records.ts";
import { formatUsd } from "../../src/money/pico-usd.ts";

/** A text in pieces of so many characters, as a file streams by. */
async function* pieces(text: string, size: number): AsyncGenerator<string> {
  for (let from = 0; from < text.length; from += size) yield text.slice(from, from + size);
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const json = (text: string, pages = false, size = 7) =>
  all(jsonRecords(pieces(text, size), { pages }));
const csv = (text: string, size = 3) => all(csvRows(pieces(text, size)));

describe("readDollars", () => {
  it.each([
    ["0.06", "0.06"],
    ["84.33", "84.33"],
    ["5.985e-03", "0.005985"],
    ["1.2E1", "12"],
    // what a float makes of 0.005985
    ["0.0059850000000000002", "0.005985"],
    // half of a picodollar goes away from zero
    ["0.0000000000005", "0.000000000001"],
    ["-1.5", "-1.5"],
    ["12.", "12"],
    ["$1,204.11", "1204.11"],
  ])("%s is %s", (text, usd) => {
    expect(formatUsd(readDollars(text) ?? (0n as never))).toBe(usd);
  });

  it.each(["", "abc", "1,5", "NaN", "1e999", "1.2.3"])("%j is no amount", (text) => {
    expect(readDollars(text)).toBeUndefined();
  });
});

describe("JSON records", () => {
  it("are the lines of a file, each with its line, numbers as they were written", async () => {
    expect(await json('{"a": 1.10}\n\n{"a":\n "x\\"}{"}\n')).toEqual([
      { kind: "record", line: 1, fields: { a: "1.10" } },
      { kind: "record", line: 3, fields: { a: 'x"}{' } },
    ]);
  });

  it("are the elements of an array", async () => {
    expect(await json('[{"a":[{"b":2}]},\n{"a":"\\\\"}]')).toEqual([
      { kind: "record", line: 1, fields: { a: [{ b: "2" }] } },
      { kind: "record", line: 2, fields: { a: "\\" } },
    ]);
  });

  it("of pages are the elements of their arrays, and then what the page says of itself", async () => {
    const page = '{"object":"page","data":[{"n":1},\n{"n":2}],"has_more":true}';
    expect(await json(`${page}\n{"data":[]}`, true)).toEqual([
      { kind: "record", line: 1, fields: { n: "1" } },
      { kind: "record", line: 2, fields: { n: "2" } },
      { kind: "page", line: 1, fields: { object: "page", data: [], has_more: true } },
      { kind: "page", line: 3, fields: { data: [] } },
    ]);
  });

  it("that are broken are named with their line, and the good ones stay", async () => {
    const found = await json('{"a":1}\n{"a":}\nnonsense\n{"a":2}\n');
    expect(found.map(({ kind, line }) => [kind, line])).toEqual([
      ["record", 1],
      ["bad", 2],
      ["bad", 2],
      ["record", 4],
    ]);
  });

  it.each(['[{"a":1}', '{"a": "never closed', "}"])("%j is cut off, or no JSON", async (text) => {
    expect((await json(text)).at(-1)?.kind).toBe("bad");
  });

  it("are the same however the file is cut into pieces", async () => {
    const text = '[{"a":"\\"\\\\","b":{"c":[1,2]}}, {"d":"}]"}\n]';
    const whole = await json(text, false, 1_000);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 20 }), async (size) => {
        expect(await json(text, false, size)).toEqual(whole);
      }),
    );
    expect(whole).toHaveLength(2);
  });
});

describe("CSV rows", () => {
  it("keep commas, quotes and line breaks of cells in quotes, and tell the line that they begin in", async () => {
    expect(await csv('a,b\r\n"1,5","say ""x""\nhere"\n\n,last')).toEqual([
      { kind: "row", line: 1, cells: ["a", "b"] },
      { kind: "row", line: 2, cells: ["1,5", 'say "x"\nhere'] },
      { kind: "row", line: 5, cells: ["", "last"] },
    ]);
  });

  it("with a quote that is never closed end there", async () => {
    expect(await csv('a\n"b\nc')).toEqual([
      { kind: "row", line: 1, cells: ["a"] },
      { kind: "bad", line: 2, why: "a quote is opened and never closed" },
    ]);
  });

  it("are what was written, however the file is cut into pieces", async () => {
    const cell = fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", " ", "é") });
    const rows = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 9 }), async (written, size) => {
        const text = written
          .map((cells) => cells.map((each) => `"${each.replaceAll('"', '""')}"`).join(","))
          .join("\r\n");
        const read = await csv(text, size);
        expect(read.map((row) => (row.kind === "row" ? row.cells : row.why))).toEqual(written);
      }),
    );
  });
});
