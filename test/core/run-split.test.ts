import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseSplits, splitOf } from "../../src/runs/split.ts";

describe("shares of a run", () => {
  it.each([
    ["low=10%", [{ quality: "low", basisPoints: 1_000 }]],
    ["low=0.5%", [{ quality: "low", basisPoints: 50 }]],
    ["high=99.99%", [{ quality: "high", basisPoints: 9_999 }]],
  ])("%s is read", (text, expected) => {
    expect(parseSplits([text])).toEqual(expected);
  });

  it.each([
    [["low"], "must be QUALITY=SHARE%"],
    [["low=10"], "must be QUALITY=SHARE%"],
    [["low=100%"], "must be QUALITY=SHARE%"],
    [["low=-1%"], "must be QUALITY=SHARE%"],
    [["rest=10%"], "must be QUALITY=SHARE%"],
    [["low=0%"], "a share of nothing"],
    [["low=1%", "low=2%"], "low has two shares"],
    [["low=60%", "medium=40.01%"], "more than 100%"],
  ])("%j is refused", (texts, words) => {
    expect(() => parseSplits(texts)).toThrow(words);
  });

  it("a row's share depends on its run and its id alone, and a later share takes nothing from an earlier one", () => {
    const [low, medium] = parseSplits(["low=10%", "medium=20%"]);
    if (low === undefined || medium === undefined) throw new Error("two shares were given");
    fc.assert(
      fc.property(fc.string(), fc.string(), (run, id) => {
        const alone = splitOf([low], { run, id });
        const both = splitOf([low, medium], { run, id });
        expect(splitOf([low], { run, id })).toBe(alone);
        expect(both === low).toBe(alone === low);
      }),
    );
  });

  it("shares are filled as they were asked for, and another run has other rows in them", () => {
    const splits = parseSplits(["low=10%", "medium=25%"]);
    const parts = (run: string): readonly (string | undefined)[] =>
      Array.from(
        { length: 10_000 },
        (_, place) => splitOf(splits, { run, id: `item-${place}` })?.quality,
      );
    const [one, other] = [parts("run_a"), parts("run_b")];
    const count = (quality: string | undefined): number =>
      one.filter((part) => part === quality).length;
    // Three standard deviations of 10,000 tosses: 90 of 1,000, 130 of 2,500.
    expect(Math.abs(count("low") - 1_000)).toBeLessThan(90);
    expect(Math.abs(count("medium") - 2_500)).toBeLessThan(130);
    expect(one.filter((part, place) => part === other[place]).length).toBeLessThan(7_000);
  });
});
