import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadCatalog } from "../../src/catalog/load.ts";
import { formatUsd } from "../../src/money/pico-usd.ts";
import { blindProof } from "../../src/runs/proof/blind.ts";
import { BadCandidates, readCandidates } from "../../src/runs/proof/candidates.ts";
import { drawn } from "../../src/runs/proof/draw.ts";
import { noFigures } from "../../src/runs/proof/figures-file.ts";
import { keyScript } from "../../src/runs/proof/key.ts";
import { callsLeft, distinctCalls } from "../../src/runs/proof/made.ts";
import { proofPage } from "../../src/runs/proof/page.ts";
import { blindPair, pairsOf } from "../../src/runs/proof/pairs.ts";
import { presetFileSchema, presetOf } from "../../src/runs/proof/preset-file.ts";
import { resultOf } from "../../src/runs/proof/result.ts";
import { resultJson } from "../../src/runs/proof/result-json.ts";
import { unseenBy, unseenText } from "../../src/runs/proof/unseen.ts";
import { standingVotes, verdictOf } from "../../src/runs/proof/votes.ts";
import { allMade, jobOf, madeOf, voteFor } from "./proof-world.ts";

const catalog = loadCatalog({ folder: "catalog/models" });

describe("candidates", () => {
  it("are models at their tiers, by id whatever they were called", () => {
    const read = readCandidates("openai/gpt-image-2:low, seedream-4.0", catalog);
    expect(read.map(({ name, quality }) => [name, quality])).toEqual([
      ["gpt-image-2:low", "low"],
      ["seedream-4-0", null],
    ]);
  });

  it.each([
    ["gpt-image-2,seedream-4-0", "gpt-image-2: must be one of gpt-image-2:low, gpt-image-2:medium"],
    ["seedream-4-0:high,z-image-turbo", "seedream-4-0:high: seedream-4-0 has no tiers"],
    ["gpt-image-2:lwo,seedream-4-0", "gpt-image-2:lwo: must be one of"],
    ["gpt-imgae-2:low,seedream-4-0", "no such model; the nearest is gpt-image-2"],
    ["seedream-4-0,seedream-4.0", "seedream-4-0 is named twice"],
    ["seedream-4-0", "at least two candidates"],
    ["gpt-image-2-2026-04-21:low,seedream-4-0", "a snapshot can't be what auto chooses"],
  ])("%s is refused by name", (text, words) => {
    expect(() => readCandidates(text, catalog)).toThrow(BadCandidates);
    expect(() => readCandidates(text, catalog)).toThrow(words);
  });
});

describe("a draw", () => {
  it("is decided by seed and ids alone: another order of the file draws the same rows in the same order", () => {
    const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 6 }), { minLength: 2 });
    fc.assert(
      fc.property(ids, fc.string(), (all, seed) => {
        const of = { seed, what: "row", id: (id: string) => id };
        expect(drawn(all.toReversed(), of)).toEqual(drawn(all, of));
        expect(drawn(all, of).toSorted()).toEqual(all.toSorted());
      }),
    );
  });

  it("by another seed is another one, and rows that come later push none out of place", () => {
    const ids = Array.from({ length: 60 }, (_, index) => `row-${index}`);
    const by = (seed: string, of: readonly string[]) =>
      drawn(of, { seed, what: "row", id: (id) => id });
    expect(by("a", ids).slice(0, 24)).not.toEqual(by("b", ids).slice(0, 24));
    const more = [...ids, "row-60"];
    expect(by("a", more).filter((id) => id !== "row-60")).toEqual(by("a", ids));
  });

  it("puts candidates on both sides about equally often", () => {
    const job = jobOf(200);
    const swapped = pairsOf(job, allMade(job)).filter((pair) => pair.swapped).length;
    // Of 200 coins fewer than 65 or more than 135 fall one way once in a million.
    expect(swapped).toBeGreaterThan(64);
    expect(swapped).toBeLessThan(136);
  });
});

describe("calls that are left", () => {
  const job = jobOf(2);
  const busy = { code: "vendor_failed", message: "no" };
  const failed = { status: "failed", picture: null } as const;

  it("are all at first, none when all are made, and a second try is another one", () => {
    expect(callsLeft(job, [], "none")).toHaveLength(4);
    expect(callsLeft(job, allMade(job), "none")).toEqual([]);
    expect(callsLeft({ ...job, tries: 2 }, allMade(job), "none").map((call) => call.try)).toEqual([
      2, 2, 2, 2,
    ]);
  });

  it("a failed one is made again only when asked for, under another attempt", () => {
    const made = [...allMade(job).slice(1), madeOf("row-0", "cheap", { ...failed, error: busy })];
    expect(callsLeft(job, made, "none")).toEqual([]);
    const again = { row: "row-0", candidate: "cheap", try: 1, attempt: 1 };
    expect(callsLeft(job, made, "spent_nothing")).toEqual([again]);
  });

  it("one that a vendor may bill is made again only by its own flag", () => {
    const error = { code: "outcome_unknown", message: "cut" };
    const made = [...allMade(job).slice(1), madeOf("row-0", "cheap", { ...failed, error })];
    expect(callsLeft(job, made, "spent_nothing")).toEqual([]);
    expect(callsLeft(job, made, "all")).toHaveLength(1);
  });
});

describe("records", () => {
  it("of two processes that went on with one proof count once", () => {
    const job = jobOf(2);
    const twice = [...allMade(job), ...allMade(job)];
    expect(distinctCalls(twice)).toEqual(allMade(job));
    const again = madeOf("row-0", "cheap", { attempt: 1 });
    expect(distinctCalls([...twice, again])).toHaveLength(5);
  });
});

describe("votes", () => {
  it("the last one of a pair stands, and one that was taken back is none", () => {
    const at = "2026-11-26T20:00:00.000Z";
    const standing = standingVotes([
      { pair: "a", choice: "left", at },
      { pair: "b", choice: "same", at },
      { pair: "a", choice: "reject_both", at },
      { pair: "b", choice: null, at },
    ]);
    expect([...standing]).toEqual([["a", "reject_both"]]);
  });
});

describe("sides", () => {
  const job = jobOf(12);
  const made = allMade(job);
  const pairs = pairsOf(job, made);
  const pictures = new Map(made.map(({ candidate, picture }) => [picture?.file, candidate]));

  it("a vote for the left picture counts for the candidate whose picture is shown on the left", () => {
    expect(new Set(pairs.map(({ swapped }) => swapped)).size).toBe(2);
    for (const pair of pairs) {
      const { prefers, keeps } = verdictOf(pair, "left");
      const preferred = prefers === undefined ? undefined : pair.candidates[prefers];
      expect(preferred).toBe(pictures.get(blindPair(pair).left));
      expect(keeps).toEqual([true, true]);
      const rejected = verdictOf(pair, "reject_left").keeps.indexOf(false);
      expect(pair.candidates[rejected]).toBe(pictures.get(blindPair(pair).left));
    }
  });

  it("the key names the sides as they were shown", () => {
    const key = JSON.parse(keyScript(job, made).replace(/^[^{]*|;\n$/g, ""));
    for (const pair of pairs) {
      const { left, right } = blindPair(pair);
      expect(key.sides[pair.id]).toEqual([pictures.get(left), pictures.get(right)]);
    }
  });
});

/** Seven rows: cheap is kept in 5 and dear in 6; cheap is liked more once, dear 4 times, neither twice. */
function votedProof() {
  const job = jobOf(7);
  const made = [...allMade(job).slice(1), madeOf("row-0", "cheap", { charged: "0.006" })];
  const said = ["cheap", "dear", "dear", "no_cheap", "no_cheap", "same", "no_dear"] as const;
  const votes = pairsOf(job, made).map((pair) =>
    voteFor(pair, said[Number(pair.row.slice(4))] ?? "same"),
  );
  return { job, made, votes };
}

describe("a result", () => {
  const { job, made, votes } = votedProof();
  const result = resultOf(job, made, votes);

  it("says of each candidate what was kept, what it cost, and what a kept picture cost", () => {
    const told = result.candidates.map(({ kept, charged, perImage, perKept }) => [
      kept && [kept.kept, kept.judged],
      ...[charged, perImage, perKept].map((usd) => usd && formatUsd(usd)),
    ]);
    expect(told).toEqual([
      // 0.006 + 6 x 0.005 = 0.036; / 7 = 0.005142857142857… up; / 5 = 0.0072
      [[5n, 7n], "0.036", "0.005142857143", "0.0072"],
      // 7 x 0.05 = 0.35; / 6 = 0.058333333333… up
      [[6n, 7n], "0.35", "0.05", "0.058333333334"],
    ]);
  });

  it("a rejected side loses to the other one; reject both and no difference prefer neither", () => {
    const [pair] = result.between;
    // cheap: its own vote and the rejected dear one; dear: two votes and two rejected cheap ones.
    expect([pair?.first, pair?.second, pair?.neither]).toEqual([2, 4, 1]);
    // 2 x (1 + 6 + 15) / 64 = 0.6875
    expect(pair?.test.partsPerMillion).toBe(687_500n);
  });

  it("speaks for the cheapest kept picture, unless another one was preferred to it", () => {
    expect(result.suggested?.candidate).toBe("cheap");
    const all = pairsOf(job, made).map((pair) => voteFor(pair, "dear"));
    // 7 of 7: 2 / 128 = 0.015625
    expect(resultOf(job, made, all).suggested?.candidate).toBe("dear");
  });

  it("counts a picture as kept only where no vote rejects it, and says how often votes disagree", () => {
    const three = jobOf(1, {
      candidates: [...job.candidates, { ...job.candidates[0], name: "third" } as never],
    });
    const pictures = ["cheap", "dear", "third"].map((name) => madeOf("row-0", name));
    const pairs = pairsOf(three, pictures);
    expect(pairs).toHaveLength(3);
    const told = pairs.map((pair) => {
      const isFirst = pair.candidates.join() === "cheap,dear";
      return voteFor(pair, isFirst ? "no_cheap" : "same");
    });
    const [cheap, dear] = resultOf(three, pictures, told).candidates;
    expect([cheap?.kept?.kept, cheap?.contradicted]).toEqual([0n, 1]);
    expect([dear?.kept?.kept, dear?.contradicted]).toEqual([1n, 0]);
  });

  it("a row without a picture has no pair, and its code is told", () => {
    const error = { code: "moderation_blocked", message: "no" };
    const broken = madeOf("row-0", "dear", {
      status: "failed",
      charged: "0",
      picture: null,
      error,
    });
    const without = [...made.filter((each) => each !== made[0]), broken].filter(
      ({ row, candidate, status }) =>
        !(row === "row-0" && candidate === "dear" && status === "made"),
    );
    const found = resultOf(job, without, votes);
    expect([found.pairs, found.voted]).toEqual([6, 6]);
    expect([...(found.candidates[1]?.missing ?? [])]).toEqual([["moderation_blocked", 1]]);
  });

  it("becomes a preset that its own reader takes, with shares, prices and the proof's hash", () => {
    const of = { figures: noFigures(job, "none"), sha256: "c".repeat(64) };
    const json = resultJson(job, result, of);
    const created = "2026-11-27T08:00:00.000Z";
    const preset = presetOf(json, { name: "mug", chosen: ["cheap"], folder: "/p", created });
    expect(presetFileSchema.parse(JSON.parse(JSON.stringify(preset)))).toEqual(preset);
    expect(preset.proof.candidates[0]).toMatchObject({
      candidate: "cheap",
      share: "0.714286",
      per_kept_image: "0.0072",
      price_version: "cheap@2026-06-19",
    });
  });
});

describe("what a sample can't have seen", () => {
  it("24 rows: a defect in 11.8 % shows 95 times in 100; 6 of 24 rows are the least difference", () => {
    // 1 - 0.05^(1/24) = 0.1173…; 2 / 2^6 = 0.03125 is the first below 0.05; 6 / 24 = 25 %
    expect(unseenBy(24)).toEqual({
      rows: 24,
      defectPerMille: 118,
      difference: { rows: 6, perMille: 250 },
    });
  });

  it("5 rows can't tell any difference, since 2 / 2^5 = 0.0625", () => {
    expect(unseenText(unseenBy(5))[1]).toBe(
      "No difference between candidates can be told from 5 rows.",
    );
  });
});

describe("what is shown before the last vote", () => {
  const { job, made } = votedProof();
  const blind = blindProof(job, made, new Map());
  const page = proofPage(blind);

  it("names no candidate, price, seed, receipt or size of a file, in the data and in the page's source", () => {
    const text = `${JSON.stringify(blind)} ${page}`;
    for (const secret of ["cheap", "dear", "rcpt_", "0.05", '"bytes"', "@2026", job.secret]) {
      expect(text).not.toContain(secret);
    }
    expect(blind).not.toHaveProperty("seed");
  });

  it("is one page that a prompt can't break out of, and takes no vote on an emulator's pictures", () => {
    const [first, ...others] = job.rows;
    const prompt = "</script><script>alert(1)</script>";
    const rows = [{ ...(first as (typeof job.rows)[number]), prompt }, ...others];
    expect(proofPage(blindProof({ ...job, rows }, made, new Map()))).not.toContain("<script>alert");
    const sandbox = blindProof({ ...job, emulated: true }, made, new Map());
    expect([sandbox.choices, proofPage(sandbox).includes("data-choice=")]).toEqual([[], false]);
    expect(proofPage(sandbox)).toContain("SANDBOX: an emulator drew these pictures.");
  });
});
