import { shareText } from "../../advisor/kept-share.ts";
import { signTestText } from "../../advisor/sign-test.ts";
import { formatUsd, type PicoUsd } from "../../money/pico-usd.ts";
import { candidateFigures, differencesOf, type FiguresFile } from "./figures-file.ts";
import type { Job } from "./job.ts";
import { type CandidateResult, type PairResult, type ProofResult, preferredOf } from "./result.ts";
import { intervalText, sharePercent } from "./share-text.ts";
import { unseenText } from "./unseen.ts";

/** What a proof came to, as it is kept (`result.json`), printed and shown: amounts and shares as texts. */
export function resultJson(
  job: Job,
  result: ProofResult,
  of: { readonly figures: FiguresFile; readonly sha256: string },
) {
  const { figures } = of;
  return {
    object: "proof.result" as const,
    id: job.id,
    created: job.created,
    emulated: job.emulated,
    currency: "USD" as const,
    /** Of everything that it rests on. */
    sha256: of.sha256,
    seed: job.seed,
    rows: job.rows.length,
    file: job.file,
    file_rows: job.file_rows,
    template: job.template,
    pairs_shown: result.pairs,
    pairs_voted: result.voted,
    complete: result.voted === result.pairs && result.pairs > 0,
    charged: formatUsd(result.charged),
    candidates: result.candidates.map((each) => candidateJson(each, figures)),
    pairs: result.between.map(pairJson),
    unseen: result.unseen ?? null,
    differences: differencesOf(figures),
    figures_missing_because: figures.nothing_because,
    suggested: result.suggested ?? null,
    said: said(job, result, figures),
  };
}
export type ResultJson = ReturnType<typeof resultJson>;
export type CandidateJson = ResultJson["candidates"][number];

function candidateJson(of: CandidateResult, figures: FiguresFile) {
  const { candidate, kept } = of;
  return {
    candidate: candidate.name,
    model: candidate.model,
    quality: candidate.quality,
    price_version: candidate.price_version,
    model_sha256: candidate.model_sha256,
    pictures: of.made,
    missing: Object.fromEntries(of.missing),
    judged: Number(kept?.judged ?? 0n),
    kept: Number(kept?.kept ?? 0n),
    ...sharesOf(kept),
    contradicted: of.contradicted,
    charged: formatUsd(of.charged),
    per_image: usdOrNull(of.perImage),
    per_kept_image: usdOrNull(of.perKept),
    figures: figures.nothing_because === null ? candidateFigures(figures, candidate.name) : null,
  };
}

/** A proof that went on after a price had changed. */
function otherPrices({ candidate, priceVersions }: CandidateResult): readonly string[] {
  const others = [...priceVersions].filter(([version]) => version !== candidate.price_version);
  return others.map(
    ([version, count]) =>
      `${candidate.name}: ${count} pictures were made at ${version}, the proof began at ${candidate.price_version}`,
  );
}

function sharesOf(kept: CandidateResult["kept"]) {
  if (kept === undefined) {
    const unknown = "not known";
    return { share: null, low: null, high: null, share_text: unknown, interval_text: unknown };
  }
  const [share, low, high] = [shareText(kept.share), shareText(kept.low), shareText(kept.high)];
  const texts = { share_text: sharePercent(share), interval_text: intervalText({ low, high }) };
  return { share, low, high, ...texts };
}

function usdOrNull(amount: PicoUsd | undefined): string | null {
  return amount === undefined ? null : formatUsd(amount);
}

function pairJson(of: PairResult) {
  const { candidates, first, second, neither, test } = of;
  return {
    candidates,
    first,
    second,
    neither,
    p: signTestText(test),
    preferred: preferredOf(of) ?? null,
  };
}

/** What has to be said with the figures. */
function said(job: Job, result: ProofResult, figures: FiguresFile): readonly string[] {
  const { candidates, unseen, suggested } = result;
  const contradicted = candidates.reduce((sum, each) => sum + each.contradicted, 0);
  const missing = candidates.flatMap(({ candidate, missing: codes }) =>
    [...codes].map(
      ([code, count]) => `${candidate.name}: ${count} rows without a picture (${code})`,
    ),
  );
  return [
    ...(unseen === undefined ? [] : unseenText(unseen)),
    ...missing,
    ...candidates.flatMap(otherPrices),
    ...(job.left_out.length === 0
      ? []
      : [
          `${new Set(job.left_out.map(({ row }) => row)).size} drawn rows were left out, since a candidate can't do them: nothing is said of such rows`,
        ]),
    ...(contradicted === 0
      ? []
      : [
          `${contradicted} pictures were kept in one pair and rejected in another: they count as rejected`,
        ]),
    ...differencesOf(figures).map(({ text }) => text),
    ...(suggested === undefined
      ? []
      : [`The figures speak for ${suggested.candidate}: ${suggested.why}`]),
  ];
}
