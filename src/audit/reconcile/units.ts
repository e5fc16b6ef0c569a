import { addDays, dayAt } from "../../bills/day.ts";
import type { BillLine } from "../../bills/line.ts";
import type { JournalCall } from "./journal-call.ts";

/** Lines of a bill and calls of the journal that can only be compared together. */
export type Unit = {
  readonly model: string;
  /** Days of the vendor, both included. */
  readonly from: string;
  readonly to: string;
  readonly lines: readonly BillLine[];
  readonly calls: readonly JournalCall[];
  /** The vendor's request id, where that ties them; null where model and days do. */
  readonly requestId: string | null;
};

/**
 * Puts lines and calls together: by request id where both have it, the rest by model and day. Lines that span
 * several days hold all calls of these days. A call whose requests the bill could name, and names none of, is a
 * unit without lines.
 *
 * @param lines usage of models that the connection used.
 */
export function unitsOf(
  lines: readonly BillLine[],
  calls: readonly JournalCall[],
  zone: string,
): Unit[] {
  const byRequest = new Map(calls.flatMap((call) => call.requestIds.map((id) => [id, call])));
  // A bill by requests names them all: on such a day no call with an id hides in another line.
  const named = new Set(
    lines
      .filter(({ requestId }) => requestId !== null)
      .flatMap(({ model, from }) => [`${model} ${from}`]),
  );
  const own = new Map<JournalCall, BillLine[]>();
  const rest: BillLine[] = [];
  for (const line of lines) {
    const call = line.requestId === null ? undefined : byRequest.get(line.requestId);
    if (call === undefined) rest.push(line);
    else own.set(call, [...(own.get(call) ?? []), line]);
  }
  const others: JournalCall[] = [];
  for (const call of calls) {
    const day = dayAt(call.endedMs, zone);
    const could = call.requestIds.length > 0 && named.has(`${call.model} ${day}`);
    if (could && !own.has(call)) own.set(call, []);
    else if (!own.has(call)) others.push(call);
  }
  const single = [...own].map(([call, owned]) => {
    const day = dayAt(call.endedMs, zone);
    const [requestId = null] = call.requestIds;
    return { model: call.model, from: day, to: day, lines: owned, calls: [call], requestId };
  });
  return [...single, ...dayUnits(rest, others, zone)];
}

function dayUnits(lines: readonly BillLine[], calls: readonly JournalCall[], zone: string): Unit[] {
  const models = new Set([
    ...lines.flatMap(({ model }) => model ?? []),
    ...calls.map(({ model }) => model),
  ]);
  return [...models].toSorted().flatMap((model) =>
    spansOf([
      ...lines
        .filter((line) => line.model === model)
        .map((line) => ({ line, from: line.from, to: line.to })),
      ...calls
        .filter((call) => call.model === model)
        .map((call) => ({ call, from: dayAt(call.endedMs, zone), to: dayAt(call.endedMs, zone) })),
    ]).map(({ from, to, members }) => ({
      ...{ model, from, to, requestId: null },
      lines: members.flatMap((member) => ("line" in member ? [member.line] : [])),
      calls: members.flatMap((member) => ("call" in member ? [member.call] : [])),
    })),
  );
}

/** Members whose days overlap belong together; days beside each other don't. */
function spansOf<Member extends { readonly from: string; readonly to: string }>(
  members: readonly Member[],
): { readonly from: string; readonly to: string; readonly members: Member[] }[] {
  const spans: { from: string; to: string; members: Member[] }[] = [];
  for (const member of members.toSorted((left, right) => (left.from < right.from ? -1 : 1))) {
    const last = spans.at(-1);
    if (last === undefined || member.from > last.to) {
      spans.push({ from: member.from, to: member.to, members: [member] });
      continue;
    }
    last.members.push(member);
    if (member.to > last.to) last.to = member.to;
  }
  return spans;
}

/** Whether the second unit begins on the day after the first one ends. */
export function follows(first: Unit, second: Unit): boolean {
  return first.model === second.model && addDays(first.to, 1) === second.from;
}
