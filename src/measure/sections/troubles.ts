import { cellText } from "../cell.ts";
import type { Measured } from "../measured.ts";
import { type Section, text } from "../report-form.ts";
import type { Result } from "../result.ts";
import { shapeChanges } from "../shape.ts";

/** Everything that went another way than asked: failures, ceilings, flags, answers that changed their form. */
export function troubleSection(measured: Measured): Section {
  const { results } = measured;
  const failed = results.filter(({ status }) => status === "failed");
  const odd = results.filter(
    ({ status, measured: made }) =>
      status === "ok" && (made.basis === "ceiling" || made.flags.length > 0),
  );
  const changes = shapeChanges(results);
  const said = [
    measured.missing === 0
      ? []
      : [
          `${measured.missing} calls were planned and not made: \`spotmeter measure --resume\` makes them.`,
        ],
    failed.length === 0 ? ["No call failed."] : [],
    changes.map(
      ({ model, before, after, at }) =>
        `The usage of ${model} changed its form during the run: until ${at} it had ${before}, from then on ${after}.`,
    ),
  ].flat();
  return {
    id: "troubles",
    title: "What went wrong",
    blocks: [
      ...said.map(text),
      ...(failed.length + odd.length === 0
        ? []
        : [
            {
              kind: "table" as const,
              id: "troubles",
              caption: "Failures, ceilings and flags",
              columns: [
                { name: "sweep" },
                { name: "what was asked" },
                { name: "call", right: true },
                { name: "what happened" },
                { name: "charged USD", right: true },
                { name: "receipt" },
              ],
              rows: [...failed, ...odd].map(rowOf),
            },
          ]),
    ],
  };
}

function rowOf({ sweep, cell, repeat, measured, error, receipt_id: receipt }: Result): string[] {
  const happened =
    error === null
      ? [
          ...(measured.basis === "ceiling"
            ? [`billed at the ceiling: usage was ${measured.reason}`]
            : []),
          ...measured.flags,
        ].join(", ")
      : `${error.code ?? "no code"}: ${error.message}`;
  return [sweep, cellText(cell), String(repeat), happened, measured.total, receipt ?? "-"];
}
