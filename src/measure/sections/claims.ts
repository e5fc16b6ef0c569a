import { judge, type Verdict } from "../../advisor/claims/judge.ts";
import type { Claims } from "../../catalog/claims.ts";
import { measuredFigures } from "../claim-source.ts";
import { groupBy } from "../group.ts";
import type { Measured } from "../measured.ts";
import { type Section, text } from "../report-form.ts";
import type { Standard } from "../standard.ts";

/** Sentences that were published, and the prompts by which a run's cells are found for them. */
export type Published = { readonly claims: Claims; readonly standard: Standard };

const LIVE: Readonly<Record<Verdict, string>> = {
  holds: "confirmed",
  fails: "refuted",
  not_testable: "not tested",
};
const EMULATED: Readonly<Record<Verdict, string>> = {
  holds: "as modelled",
  fails: "not as modelled",
  not_testable: "not tested",
};
const SET_BY_EMULATOR = "set by the emulator";

/** Each published sentence beside what this run measured: what does not agree first, with its arithmetic. */
export function claimsSection(measured: Measured, { claims, standard }: Published): Section {
  const { emulated } = measured.run;
  const { families } = claims;
  const judged = claims.claims.map((claim) => {
    const { source, setByEmulator } = measuredFigures(claim, { measured, families, standard });
    const { verdict, arithmetic } = judge(claim, source);
    const known = verdict !== "not_testable";
    const word = known && setByEmulator() ? SET_BY_EMULATOR : (emulated ? EMULATED : LIVE)[verdict];
    return { claim, word, arithmetic };
  });
  const counts = [...groupBy(judged, ({ word }) => word)].map(
    ([word, of]) => `${of.length} ${word}`,
  );
  const wrong = (emulated ? EMULATED : LIVE).fails;
  const ordered = [
    ...judged.filter(({ word }) => word === wrong),
    ...judged.filter(({ word }) => word !== wrong && word !== EMULATED.not_testable),
    ...judged.filter(({ word }) => word === EMULATED.not_testable),
  ];
  const modelled = emulated
    ? " Emulators follow the published laws: agreement here says that the article agrees with those, and confirms nothing about a vendor."
    : "";
  return {
    id: "claims",
    title: "What was claimed, and what was measured",
    blocks: [
      text(
        `"${claims.title}" (${claims.source}), sentence by sentence, held against the bills of this run alone: ${counts.join(", ")}. What does not agree stands first, with the arithmetic.${modelled}`,
      ),
      {
        kind: "table",
        id: "claims",
        caption: "Claims",
        columns: [{ name: "sentence" }, { name: "verdict" }, { name: "figures" }],
        rows: ordered.map(({ claim, word, arithmetic }) => [
          `“${claim.text.replaceAll("“", "‘").replaceAll("”", "’")}”`,
          word,
          [arithmetic, ...(claim.note === undefined ? [] : [claim.note])].join(". "),
        ]),
      },
    ],
  };
}
