import { formatUsd } from "../money/pico-usd.ts";
import type { Measured } from "./measured.ts";
import type { Report, Section } from "./report-form.ts";
import { claimsSection, type Published } from "./sections/claims.ts";
import { glanceSection } from "./sections/glance.ts";
import { leversSection } from "./sections/levers.ts";
import { modelSection } from "./sections/models.ts";
import { outputShareSection } from "./sections/output-share.ts";
import { predictedSection } from "./sections/predicted.ts";
import { proofSection } from "./sections/proof-sheet.ts";
import { qualitySection } from "./sections/quality.ts";
import { referencesSection } from "./sections/references.ts";
import { resolutionSection } from "./sections/resolution.ts";
import { cacheSection, sharingSection } from "./sections/sharing.ts";
import { troubleSection } from "./sections/troubles.ts";

/** What no run against emulators can show. */
const SANDBOX =
  "SANDBOX: emulators answered, no money is real. Claims are as modelled or not as modelled, never confirmed. Bytes, latency and what auto becomes are set by the emulator; its pictures say nothing about quality.";
/** The same in the room that a plot has. */
const SANDBOX_NOTE = "SANDBOX: emulators answered; figures are as modelled";

/** The whole report of a run: sections in the article's order, only those whose sweep was run. */
export function reportOf(measured: Measured, published: Published): Report {
  const { run, missing } = measured;
  const note = run.emulated ? SANDBOX_NOTE : null;
  const has = (sweep: string): boolean => run.cells.some((each) => each.sweep === sweep);
  const sections: readonly (Section | false)[] = [
    glanceSection(measured),
    outputShareSection(measured),
    has("references") && referencesSection(measured, note),
    has("model") && modelSection(measured, note),
    has("resolution") && resolutionSection(measured, note),
    has("quality") && qualitySection(measured, note),
    has("quality") && proofSection(measured),
    has("count") && sharingSection(measured),
    has("cache") && cacheSection(measured),
    leversSection(measured, note),
    claimsSection(measured, published),
    predictedSection(measured),
    troubleSection(measured),
  ];
  const unfinished =
    missing === 0 ? [] : [`NOT FINISHED: ${missing} calls of this run were not made.`];
  const banner = [...(run.emulated ? [SANDBOX] : []), ...unfinished];
  return {
    title: "What drives the bill, measured",
    banner: banner.length === 0 ? null : banner.join(" "),
    facts: factsOf(measured),
    sections: sections.filter((section) => section !== false),
  };
}

function factsOf({ run, results, spent }: Measured): Report["facts"] {
  const count = (status: string): number =>
    results.filter((result) => result.status === status).length;
  const refused = count("refused");
  return [
    ["run", run.run_id],
    ["planned", `${run.created}, spotmeter ${run.version}`],
    ["world", run.emulated ? "sandbox (emulators)" : "live"],
    ["catalog as of", run.as_of],
    ["calls", `${count("ok")} made, ${count("failed")} failed, ${refused} refused by gate ($0)`],
    ["spent", `${formatUsd(spent)} USD${run.emulated ? " (not real)" : ""}`],
    ["product prompt", run.prompts.product],
    ["edit prompt", run.prompts.edit],
    ["count prompt", run.prompts.count],
  ];
}
