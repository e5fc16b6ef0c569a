import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { delimiterOf, readCsv } from "../../src/text/csv-reader.ts";
import { decodeText } from "../../src/text/decode-text.ts";
import { parseExactJson } from "../../src/text/exact-json.ts";

const cellsOf = (text: string) => readCsv(text).map(({ cells }) => cells);

describe("reading CSV", () => {
  it("keeps commas, quotes and line breaks of quoted cells, and the line of each record", () => {
    expect(readCsv('\uFEFFa,b\r\n"1,5","say ""so"""\r\n\r\n"two\nlines",x\n')).toEqual([
      { line: 1, cells: ["a", "b"] },
      { line: 2, cells: ["1,5", 'say "so"'] },
      { line: 4, cells: ["two\nlines", "x"] },
    ]);
  });

  it("takes any line ending, and a last record without one", () => {
    expect(cellsOf("a,b\rc,\r\n,d")).toEqual([
      ["a", "b"],
      ["c", ""],
      ["", "d"],
    ]);
    expect(cellsOf('""')).toEqual([[""]]);
  });

  it("reads what was written, whatever is in it", () => {
    const cell = fc.string({
      unit: fc.constantFrom("a", ",", '"', "\n", "\r", " ", "é"),
      maxLength: 6,
    });
    const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 5 });
    fc.assert(
      fc.property(table, (rows) => {
        const text = rows
          .map((row) => row.map((each) => `"${each.replaceAll('"', '""')}"`).join(","))
          .join("\r\n");
        expect(cellsOf(text)).toEqual(rows);
      }),
    );
  });

  it.each([
    ["a quote that is never closed", 'a,b\n1,"two\n3,4\n', 2, "never closed"],
    ["text behind a closing quote", 'a\n"b"c\n', 2, "behind a closing quote"],
  ])("refuses %s, naming the line", (_law, text, line, why) => {
    expect(() => readCsv(text)).toThrow(
      expect.objectContaining({ line, message: expect.stringContaining(why) }),
    );
  });

  it("finds what stands between the cells", () => {
    expect(delimiterOf("a;b;c\n1,5;2;3\n")).toBe(";");
    expect(delimiterOf("a\tb\n")).toBe("\t");
    expect(delimiterOf("a,b\n")).toBe(",");
  });
});

describe("reading bytes as text", () => {
  const utf16 = (text: string) => Buffer.from(text, "utf16le");
  // 金额 in GB18030.
  const CHINESE = Buffer.from([0xbd, 0xf0, 0xb6, 0xee, 0x2c, 0x31, 0x0a]);

  it.each([
    ["UTF-8", Buffer.from("Größe,1\n"), "Größe,1\n", "utf-8"],
    [
      "UTF-16 with its mark",
      Buffer.concat([Buffer.from([0xff, 0xfe]), utf16("a,1\n")]),
      "a,1\n",
      "utf-16le",
    ],
    ["UTF-16 without one", utf16("Date,Cost\n"), "Date,Cost\n", "utf-16le"],
    ["UTF-16, the other way round", Buffer.from("\0a\0,\0b\0\n"), "a,b\n", "utf-16be"],
    ["a fallback", CHINESE, "金额,1\n", "gb18030"],
  ])("knows %s", (_law, bytes, text, encoding) => {
    expect(decodeText(bytes, { fallbacks: ["gb18030"] })).toEqual({ text, encoding });
  });

  it("replaces nothing: it names the line that doesn't fit", () => {
    expect(() => decodeText(Buffer.from([0x61, 0x0a, 0xbd, 0x0a]))).toThrow("line 2 is no UTF-8");
    expect(() => decodeText(CHINESE, { encoding: "klingon" })).toThrow("no encoding of this name");
  });
});

it("JSON keeps the digits of its numbers", () => {
  expect(parseExactJson('{"a":[0.8958740000000000,5.88e-05],"b":"1"}')).toEqual({
    a: [{ digits: "0.8958740000000000" }, { digits: "5.88e-05" }],
    b: "1",
  });
});
