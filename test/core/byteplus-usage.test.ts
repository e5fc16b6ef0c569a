import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readUsage } from "../../src/vendors/byteplus/usage.ts";

const image = (areaPixels?: bigint, quantity = 1n) => ({
  meter: "output_images",
  quantity,
  ...(areaPixels === undefined ? {} : { areaPixels }),
});

const noneSent = { sent: 0, law: "counted" } as const;

describe("readUsage of BytePlus' images", () => {
  it("counts each picture as its own item, with its own area", () => {
    const usage = { generated_images: 2, output_tokens: 26_624, total_tokens: 26_624 };
    expect(readUsage(usage, [4_194_304n, 2_621_440n], noneSent)).toEqual({
      kind: "reported",
      items: [image(4_194_304n), image(2_621_440n)],
    });
  });

  it("one picture without a size has the area that its tokens tell", () => {
    expect(
      readUsage({ generated_images: 1, output_tokens: 16_384 }, [undefined], noneSent),
    ).toEqual({
      kind: "reported",
      items: [image(4_194_304n)],
    });
  });

  it.each([undefined, null, 0, -1, 1.5, "16384"])(
    "one picture without a size and with output_tokens %s has no known area",
    (tokens) => {
      expect(
        readUsage({ generated_images: 1, output_tokens: tokens ?? null }, [undefined], noneSent),
      ).toEqual({
        kind: "reported",
        items: [image()],
      });
    },
  );

  it("several pictures share no tokens: those without a size have no known area", () => {
    const usage = { generated_images: 2, output_tokens: 32_768 };
    expect(readUsage(usage, [4_194_304n, undefined], noneSent)).toEqual({
      kind: "reported",
      items: [image(4_194_304n), image()],
    });
  });

  it("a count above the pictures is reported as it is: billing splits it", () => {
    expect(readUsage({ generated_images: 3 }, [4_194_304n], noneSent)).toEqual({
      kind: "reported",
      items: [image(4_194_304n), image(undefined, 2n)],
    });
  });

  it("references are counted as reported; none are no item", () => {
    expect(readUsage({ generated_images: 1, input_images: 3 }, [1n], noneSent)).toEqual({
      kind: "reported",
      items: [image(1n), { meter: "reference_images", quantity: 3n }],
    });
    for (const none of [{ input_images: 0 }, { input_images: null }, {}]) {
      expect(readUsage({ generated_images: 1, ...none }, [1n], noneSent)).toEqual({
        kind: "reported",
        items: [image(1n)],
      });
    }
  });

  it.each<[string, unknown, string]>([
    ["absent", undefined, "absent"],
    ["null", null, "absent"],
    ["{}", {}, "empty"],
    ["text", "1", "malformed"],
    ["a count as text", { generated_images: "1" }, "malformed"],
    ["a negative count", { generated_images: -1 }, "malformed"],
    ["a fraction", { generated_images: 1.5 }, "malformed"],
    ["references as text", { generated_images: 1, input_images: "0" }, "malformed"],
    ["references negative", { generated_images: 1, input_images: -1 }, "malformed"],
    ["no count", { output_tokens: 16_384, total_tokens: 16_384 }, "contradictory"],
    ["a count of null", { generated_images: null }, "contradictory"],
    ["a count of zero", { generated_images: 0, output_tokens: 0 }, "contradictory"],
  ])("usage with %s and a picture is missing, never zero", (_name, usage, reason) => {
    const json = usage === undefined ? undefined : JSON.parse(JSON.stringify(usage));
    expect(readUsage(json, [4_194_304n], noneSent)).toEqual({ kind: "missing", reason });
  });

  it("a count below the pictures is contradictory", () => {
    expect(readUsage({ generated_images: 1 }, [1n, 1n], noneSent)).toEqual({
      kind: "missing",
      reason: "contradictory",
    });
  });

  it("without a picture, a count of zero is what it says: nothing", () => {
    expect(readUsage({ generated_images: 0 }, [], noneSent)).toEqual({
      kind: "reported",
      items: [],
    });
  });

  it("reported images always add up to the count, which is never below the pictures", () => {
    const areas = fc.array(fc.option(fc.bigInt(1n, 10n ** 8n), { nil: undefined }), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(
        fc.nat({ max: 8 }),
        fc.option(fc.nat(), { nil: null }),
        areas,
        (n, tokens, known) => {
          const usage = readUsage({ generated_images: n, output_tokens: tokens }, known, noneSent);
          if (usage.kind === "missing") {
            expect(n).toBeLessThan(known.length);
            return;
          }
          const sum = usage.items.reduce((total, item) => total + item.quantity, 0n);
          expect(sum).toBe(BigInt(n));
        },
      ),
    );
  });
});

describe("references in a usage of BytePlus'", () => {
  const one = { generated_images: 1 };
  const read = (inputs: object, sent: number, law: "counted" | "free") =>
    readUsage({ ...one, ...inputs }, [1n], { sent, law });
  const reported = (references: bigint) => ({
    kind: "reported",
    items: [image(1n), { meter: "reference_images", quantity: references }],
  });

  it("are those that it counts, where they have a price", () => {
    expect(read({ input_images: 3 }, 3, "counted")).toEqual(reported(3n));
    expect(read({ input_images: 4 }, 3, "counted")).toEqual(reported(4n));
  });

  it.each([{}, { input_images: null }, { input_images: 0 }, { input_images: 2 }])(
    "%o of 3 that went out contradicts itself: billed at the ceiling, never as fewer",
    (inputs) => {
      expect(read(inputs, 3, "counted")).toEqual({ kind: "missing", reason: "contradictory" });
    },
  );

  it("are those that went out, where usage never counts them and only an owner's price would charge", () => {
    expect(read({}, 3, "free")).toEqual(reported(3n));
    expect(read({ input_images: 2 }, 3, "free")).toEqual(reported(2n));
    expect(read({}, 0, "free")).toEqual({ kind: "reported", items: [image(1n)] });
  });

  it("of a call that made nothing are what it says and nothing else", () => {
    const none = { sent: 3, law: "free" } as const;
    expect(readUsage({ generated_images: 0 }, [], none)).toEqual({ kind: "reported", items: [] });
  });
});
