import type { CallRecord, Claimed } from "./evidence.ts";

/**
 * How finely a gateway writes amounts is known from all that it wrote, not from one: `0.02` may be rounded to two
 * digits, or be what is left of `0.020000` by a printer that drops zeros. Prices and balances apart, every one is
 * taken to be as fine as the finest of its kind.
 */
export function sharpen(records: readonly CallRecord[]): readonly CallRecord[] {
  const costs = finest(records.flatMap(({ answer }) => answer.cost ?? []));
  const readings = finest(
    records.flatMap(({ spent }) => (spent === undefined ? [] : [spent.before, spent.after])),
  );
  return records.map((record) => {
    const { answer, spent } = record;
    const { cost } = answer;
    return {
      ...record,
      answer: cost === undefined ? answer : { ...answer, cost: withIn(cost, costs) },
      spent:
        spent === undefined
          ? undefined
          : { before: withIn(spent.before, readings), after: withIn(spent.after, readings) },
    };
  });
}

function finest(claims: readonly Claimed[]): Claimed["within"] | undefined {
  return claims.map(({ within }) => within).toSorted((a, b) => (a < b ? -1 : 1))[0];
}

function withIn(claim: Claimed, within: Claimed["within"] | undefined): Claimed {
  return within === undefined ? claim : { ...claim, within };
}
