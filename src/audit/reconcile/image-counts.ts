import { dayAt } from "../../bills/day.ts";
import type { CountLine } from "../../bills/line.ts";
import { ZERO_USD } from "../../money/pico-usd.ts";
import type { Finding } from "./finding.ts";
import type { JournalCall } from "./journal-call.ts";
import type { Move } from "./moved.ts";
import type { Unit } from "./units.ts";

/** Pictures that a vendor counted, beside those of the journal. No money: what is billed for them says the bill. */

export function imageFindings(
  of: {
    readonly counts: readonly CountLine[];
    readonly period: { readonly from: string; readonly to: string };
    readonly zone: string;
    readonly projects: readonly string[];
  },
  journal: { readonly within: readonly JournalCall[]; readonly moves: readonly Move[] },
): Finding[] {
  const { counts, period, zone, projects } = of;
  const counted = counts.filter(
    (line) =>
      line.model !== null &&
      line.from >= period.from &&
      line.to <= period.to &&
      isOurs(line, projects),
  );
  const moved = new Map(journal.moves.map(({ call, to }) => [call, to] as const));
  const spans = new Map<string, CountLine[]>();
  for (const line of counted) {
    const key = `${line.model} ${line.from} ${line.to}`;
    spans.set(key, [...(spans.get(key) ?? []), line]);
  }
  return [...spans.values()].flatMap((lines) => {
    const [first] = lines;
    if (first === undefined || first.model === null) return [];
    const { model, from, to } = first;
    const calls = journal.within.filter((call) => {
      const day = moved.get(call) ?? dayAt(call.endedMs, zone);
      return call.model === model && day >= from && day <= to;
    });
    // Models that this connection never called are spent elsewhere.
    if (calls.length === 0) return [];
    return differing({ model, from, to, lines, calls });
  });
}

function differing(of: {
  readonly model: string;
  readonly from: string;
  readonly to: string;
  readonly lines: readonly CountLine[];
  readonly calls: readonly JournalCall[];
}): Finding[] {
  const { model, from, to, lines, calls } = of;
  const billed = lines.reduce((sum, { images }) => sum + images, 0n);
  const expected = calls.reduce((sum, { images }) => sum + BigInt(images), 0n);
  const unsure = calls
    .filter((call) => call.unsure.some((part) => part.of === "exposure"))
    .reduce((sum, { ledger }) => sum + BigInt(ledger.hold.facts.n), 0n);
  if (billed >= expected && billed <= expected + unsure) return [];
  return [
    {
      kind: "images_differ",
      ...{ model, from, to, meter: null, amount: ZERO_USD },
      quantity: { expected, billed },
      text: `the vendor counted ${billed} pictures, the journal has ${expected}${unsure === 0n ? "" : ` and at most ${unsure} of unknown outcome`}`,
      lines: lines.map(({ file, place }) => `${file}: ${place}`),
      receipts: [],
    },
  ];
}

/** The pictures that a vendor counted for a unit: beside its bill, or on it where pictures are what it bills. */
export function imagesBilled(
  unit: Unit,
  of: { readonly counts: readonly CountLine[]; readonly projects: readonly string[] },
): bigint | null {
  const { model, from, to, lines, requestId } = unit;
  const flat = lines.filter(({ meter }) => meter === "output_images");
  if (flat.length > 0 && flat.every(({ quantity }) => quantity !== null)) {
    return flat.reduce((sum, { quantity }) => sum + (quantity ?? 0n), 0n);
  }
  if (requestId !== null) return null;
  const counted = of.counts.filter(
    (line) =>
      line.model === model && line.from === from && line.to === to && isOurs(line, of.projects),
  );
  return counted.length === 0 ? null : counted.reduce((sum, { images }) => sum + images, 0n);
}

function isOurs(line: CountLine, projects: readonly string[]): boolean {
  return projects.length === 0 || line.projects.some((project) => projects.includes(project));
}
