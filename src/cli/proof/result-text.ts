import type { CandidateJson, ResultJson } from "../../runs/proof/result-json.ts";
import { alignPoints, table } from "../table.ts";

/** A proof's result for people. */
export function proofResultText(result: ResultJson, bold: (text: string) => string): string {
  const { candidates, pairs } = result;
  return [
    bold(
      `proof ${result.id}: ${result.rows} of ${result.file_rows} rows of ${result.file}, ${result.pairs_voted} of ${result.pairs_shown} pairs voted on, ${result.charged} USD charged in all`,
    ),
    "",
    keptTable(candidates),
    "",
    table(
      [
        { name: "first" },
        { name: "second" },
        { name: "first preferred", right: true },
        { name: "second preferred", right: true },
        { name: "neither", right: true },
        { name: "p, exact sign test", right: true },
      ],
      pairs.map(({ candidates: [one, other], first, second, neither, p }) => [
        one,
        other,
        ...[first, second, neither].map(String),
        p,
      ]),
    ),
    "",
    ...figureLines(result),
    ...result.said,
    `seed ${result.seed}, SHA-256 ${result.sha256}`,
  ].join("\n");
}

function keptTable(candidates: readonly CandidateJson[]): string {
  const each = alignPoints(candidates.map(({ per_image: price }) => price ?? "-"));
  const kept = alignPoints(candidates.map(({ per_kept_image: price }) => price ?? "-"));
  const charged = alignPoints(candidates.map((candidate) => candidate.charged));
  return table(
    [
      { name: "candidate" },
      { name: "kept", right: true },
      { name: "share", right: true },
      { name: "95 % interval" },
      { name: "charged USD" },
      { name: "a picture" },
      { name: "a kept one" },
      { name: "price version" },
    ],
    candidates.map((candidate, place) => [
      candidate.candidate,
      `${candidate.kept} of ${candidate.judged}`,
      candidate.share_text,
      candidate.interval_text,
      charged[place] ?? "",
      each[place] ?? "",
      kept[place] ?? "",
      candidate.price_version,
    ]),
  );
}

/** Medians by pixels; a figure that means nothing of these pictures is a dash. */
function figureLines({ candidates }: ResultJson): readonly string[] {
  const measured = candidates.flatMap(({ candidate, figures }) =>
    figures === null ? [] : [{ candidate, ...figures }],
  );
  if (measured.length === 0) return [];
  const text = (value: number | null): string => (value === null ? "-" : String(value));
  return [
    table(
      [
        { name: "medians by pixels" },
        { name: "pixels" },
        { name: "background white", right: true },
        { name: "product fills", right: true },
        { name: "border", right: true },
        { name: "sharpness", right: true },
        { name: "as the reference", right: true },
      ],
      measured.map((each) => [
        each.candidate,
        each.pixels.join(" "),
        text(each.whiteness),
        text(each.fill),
        text(each.border),
        text(each.sharpness),
        text(each.similarity),
      ]),
    ),
    "",
  ];
}
