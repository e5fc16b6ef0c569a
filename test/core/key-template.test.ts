import { describe, expect, it } from "vitest";
import {
  DEFAULT_KEY,
  fillKey,
  keyTemplate,
  tellsPicturesApart,
} from "../../src/outputs/key-template.ts";

const values = {
  receipt: "rcpt_01kaaaaaaaaaaaaaaaaaaaaaaa",
  index: 0,
  ext: "png",
  model: "gpt-image-2",
  date: "2026-11-22",
  sha256: "ab".repeat(32),
  tags: { sku: "mug 7", bad: "a/b", up: "..", empty: "" },
};

describe("a key of an output", () => {
  it.each([
    [DEFAULT_KEY, "2026-11-22/rcpt_01kaaaaaaaaaaaaaaaaaaaaaaa-0.png"],
    ["shop/{tag:sku}/{model}.{ext}", "shop/mug 7/gpt-image-2.png"],
    ["{sha256}", "ab".repeat(32)],
    ["{index}{index}.{ext}", "00.png"],
  ])("%s becomes %s", (template, key) => {
    expect(fillKey(keyTemplate(template), values)).toBe(key);
  });

  it.each([
    ["{when}.png", "{when} is no placeholder"],
    ["{tag:}.png", "{tag:} is no placeholder"],
    ["{}.png", "{} is no placeholder"],
    ["{index.png", "a { or } belongs to no placeholder"],
    ["a}b", "a { or } belongs to no placeholder"],
    ["{{index}}", "a { or } belongs to no placeholder"],
  ])("%s is no template", (template, why) => {
    expect(() => keyTemplate(template)).toThrow(why);
  });

  it.each([
    ["/etc/passwd", "empty step"],
    ["a//b", "empty step"],
    ["a/", "empty step"],
    ["../{index}", "begin with a dot"],
    ["a/../../b", "begin with a dot"],
    ["a/.hidden", "begin with a dot"],
    ["a\\b", "may hold letters"],
    ["a\0b", "may hold letters"],
    ["bücher/1", "may hold letters"],
    ["a?b", "may hold letters"],
    ["{receipt}.json", "must not end in .json"],
    [`${"a/".repeat(260)}b`, "at most 512"],
    ["a".repeat(241), "more than 240"],
    ["{tag:sku2}", 'no tag "sku2"'],
    ["{tag:toString}", 'no tag "toString"'],
    ["{tag:bad}", "can't stand in a key"],
    ["{tag:empty}", "can't stand in a key"],
    ["{tag:up}/x", "begin with a dot"],
  ])("%s is no path of an output", (template, why) => {
    expect(() => fillKey(keyTemplate(template), values)).toThrow(why);
  });

  it("tells several pictures apart by {index} or {sha256} only", () => {
    expect(
      ["{index}", "{sha256}", "{receipt}", "index"].map((each) =>
        tellsPicturesApart(keyTemplate(each)),
      ),
    ).toEqual([true, true, false, false]);
  });
});
