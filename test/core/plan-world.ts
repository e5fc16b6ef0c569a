import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { catalogMarket } from "../../src/advisor/catalog-market.ts";
import { loadCatalog, loadRatings } from "../../src/catalog/load.ts";
import type { ChoiceAsked } from "../../src/gates/order.ts";
import { knownRegions, readConstraints } from "../../src/gateway/constraints.ts";
import { makePlan, type PlanAsked } from "../../src/runs/make-plan.ts";
import type { Plan } from "../../src/runs/plan.ts";
import type { RowProblem } from "../../src/runs/problems.ts";
import { BadRows } from "../../src/runs/rows-file.ts";
import { estimateOf } from "../../src/vendors/registry.ts";

const catalog = loadCatalog({ folder: "catalog/models" });
export const ratings = loadRatings("catalog/ratings.json", catalog);
export const asOf = "2026-12-02";
export const market = catalogMarket(catalog, { asOf, ratings, estimateOf });
export const words = {
  ...{ catalog, ratings, asOf, at: "spotmeter" },
  regions: knownRegions(catalog.models, []),
};

/** A folder that is gone when its scope ends. */
export function temporaryFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), "spotmeter-plan-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

type Given = Partial<Omit<PlanAsked, "assign">> & {
  readonly assign?: ChoiceAsked;
  /** Its ending decides the form; a table unless said otherwise. */
  readonly name?: string;
};

/** Plans a file of this text on the whole catalog of 2026-12-02. */
export async function planText(text: string | Buffer, given: Given = {}): Promise<Plan> {
  using folder = temporaryFolder();
  const { name = "plan.csv", assign, ...asked } = given;
  const file = join(folder.path, name);
  writeFileSync(file, text);
  return await makePlan(file, {
    ...{ words, presets: new Map(), legacy: new Map(), defaults: {}, market },
    ...{ template: undefined, ignored: new Set(), encoding: undefined, budget: undefined },
    ...{ digests: true, progress: () => undefined, ...asked },
    assign: assign === undefined ? undefined : readConstraints(assign, words),
  });
}

/** What is wrong with a file, as `line column: message`; empty where it was planned. */
export async function problemsOf(
  text: string | Buffer,
  given: Given = {},
): Promise<readonly string[]> {
  return (await badRowsOf(text, given)).problems.map(problemText);
}

export async function badRowsOf(
  text: string | Buffer,
  given: Given = {},
): Promise<{ readonly problems: readonly RowProblem[]; readonly count: number }> {
  try {
    await planText(text, given);
    return { problems: [], count: 0 };
  } catch (cause) {
    if (cause instanceof BadRows) return cause;
    throw cause;
  }
}

function problemText({ line, column, message }: RowProblem): string {
  return `${line}${column === null ? "" : ` ${column}`}: ${message}`;
}
