import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collisionKey, nameOf, parseNameTemplate, pictureName } from "../../src/runs/file-names.ts";

const filled = (text: string, id: string, cells: Readonly<Record<string, unknown>> = {}): string =>
  nameOf(parseNameTemplate(text), id, (column) => cells[column]);

describe("names of pictures", () => {
  it.each([
    ["{id}.{ext}", "mug", {}, "mug.{ext}"],
    ["{shop}/{id}-{view}.{ext}", "mug", { shop: "north", view: 2 }, "north/mug-2.{ext}"],
    ["{id}-{index}.{ext}", "mug", {}, "mug-{index}.{ext}"],
    ["{id}.{ext}", "../../etc/passwd", {}, "_-..-etc-passwd.{ext}"],
    ["{shop}/{id}.{ext}", "a", { shop: ".." }, "_/a.{ext}"],
    ["{id}.{ext}", "a\\b:c*d?e", {}, "a-b-c-d-e.{ext}"],
    ["{id}.{ext}", "{index}", {}, "-index-.{ext}"],
    ["{id}.{ext}", "con", {}, "_con.{ext}"],
    ["{id}/{view}.{ext}", "a. ", { view: "x" }, "a_/x.{ext}"],
    ["{id}.{ext}", "Stra\u00dfe e\u0301", {}, "Stra\u00dfe \u00e9.{ext}"],
  ])("%s of %s is safe everywhere", (text, id, cells, expected) => {
    expect(filled(text, id, cells)).toBe(expected);
  });

  it.each([
    ["{id}", "must end in .{ext}"],
    ["{ext}/{id}.{ext}", "must end in .{ext}"],
    ["../{id}.{ext}", "can't be a step"],
    ["/tmp/{id}.{ext}", "can't be a step"],
    ["a//{id}.{ext}", "can't be a step"],
    [".hidden/{id}.{ext}", "can't be a step"],
    ["a:{id}.{ext}", "can't be a step"],
    ["{{index}}{id}.{ext}", "can't be a step"],
    ["{id.{ext}", 'a "{"'],
  ])("%s is no template", (text, words) => {
    expect(() => parseNameTemplate(text)).toThrow(words);
  });

  it("a row that says nothing in a column has no name, and one that is too long for a disk none either", () => {
    expect(() => filled("{id}-{view}.{ext}", "mug")).toThrow("{view} of --name can't be filled");
    expect(() => filled("{id}.{ext}", "\u00e9".repeat(120))).toThrow("longer than 200 bytes");
  });

  it("no value leads out of the folder, hides a file or makes a step of its own", () => {
    const character = fc.oneof(
      fc.constantFrom("/", "\\", ".", " ", "{", "}", "\u0000", "\u202e", "\n", ":"),
      fc.integer({ min: 0, max: 0xd7ff }).map((code) => String.fromCharCode(code)),
    );
    const ids = fc.array(character, { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(ids, (characters) => {
        const id = characters.join("");
        const steps = pictureName(filled("shop/{id}-x.{ext}", id), 0, "png").split("/");
        expect(steps.length).toBe(2);
        expect(steps[1]).toMatch(/^[^./\\][^/\\]*\.png$/);
      }),
    );
  });

  it.each([
    ["Mug.{ext}", "mUG.{ext}"],
    ["Stra\u00dfe.{ext}", "STRASSE.{ext}"],
    ["\u00e9.{ext}", "e\u0301.{ext}"],
  ])("%s and %s are one file", (one, other) => {
    expect(collisionKey(one, 0)).toBe(collisionKey(other, 0));
  });

  it("the pictures of one row are told apart by {index}", () => {
    expect([0, 1].map((index) => pictureName("mug-{index}.{ext}", index, "png"))).toEqual([
      ...["mug-0.png", "mug-1.png"],
    ]);
    expect(collisionKey("mug-{index}.{ext}", 0)).not.toBe(collisionKey("mug-{index}.{ext}", 1));
  });
});
