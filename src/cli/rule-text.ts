import type { RuleJson } from "../advisor/rule/rule-json.ts";
import { table } from "./table.ts";

type CellJson = RuleJson["cells"][number];
type CrossoverJson = RuleJson["crossovers"][number];
type ClaimJson = RuleJson["claims"][number];
type Emphasis = (text: string) => string;

/** A rule for people: a table a size and n, then what flips among its choices, then what was published. */
export function ruleText(rule: RuleJson, bold: Emphasis): string {
  return [
    bold(`The rule on ${rule.as_of}, families: ${rule.families}, by ${rule.by}`),
    `${rule.note}; expected prices of whole requests in USD, references of ${rule.reference_size}`,
    ...tables(rule, bold),
    ...reasons(rule, bold),
    ...crossoverLines(rule, bold),
    ...claimLines(rule, bold),
  ].join("\n");
}

function tables({ cells }: RuleJson, bold: Emphasis): readonly string[] {
  const places = [...new Set(cells.map(placeOf))];
  return places.flatMap((place) => {
    const here = cells.filter((cell) => placeOf(cell) === place);
    const counts = [...new Set(here.map(({ references }) => references))];
    const rows = [...new Set(here.map(({ band }) => band))];
    const columns = [{ name: "" }, ...counts.map((count) => ({ name: headOf(count) }))];
    const body = rows.map((row) => [
      row,
      ...counts.map((count) => {
        const cell = here.find(({ band, references }) => band === row && references === count);
        return cell === undefined ? "" : choiceText(cell);
      }),
    ]);
    return ["", bold(place), table(columns, body)];
  });
}

function placeOf({ size, n }: CellJson): string {
  return `${size}, n=${n}`;
}

function headOf(count: number): string {
  return count === 1 ? "1 reference" : `${count === 0 ? "no" : count} references`;
}

type Choice = {
  readonly model: string | null;
  readonly quality: string | null;
  readonly total: string | null;
};

function choiceText({ model, quality, total }: Choice): string {
  if (model === null) return "-";
  return [model, quality, total].filter((part) => part !== null).join(" ");
}

/** Why, of the first table without references: the rest is in the JSON. */
function reasons({ cells }: RuleJson, bold: Emphasis): readonly string[] {
  const [first] = cells;
  if (first === undefined) return [];
  const shown = cells.filter(
    ({ references, size, n }) =>
      references === first.references && size === first.size && n === first.n,
  );
  const head = `Why, at ${placeOf(first)} with ${headOf(first.references)} (--json: every cell)`;
  const lines = shown.map(({ band, reason, ...cell }) => {
    return `${band}: ${choiceText(cell)}; ${reason}`;
  });
  return ["", bold(head), ...lines];
}

const units: Readonly<Record<CrossoverJson["kind"], string>> = {
  output_tokens: "output tokens",
  references: "references",
  area: "pixels",
  n: "images a request",
};

/** Flips between choices that win or come next somewhere in the tables. */
function crossoverLines({ cells, crossovers }: RuleJson, bold: Emphasis): readonly string[] {
  const seen = new Set(cells.flatMap(({ model, runner_up: next }) => [model, next?.model ?? null]));
  const shown = crossovers.filter(
    ({ a, also_a: alsoA, b, also_b: alsoB }) =>
      [a, ...alsoA].some((name) => seen.has(modelOf(name))) &&
      [b, ...alsoB].some((name) => seen.has(modelOf(name))),
  );
  const hidden = crossovers.length - shown.length;
  const rows = shown.map((each) => [
    `${each.at} ${units[each.kind]}`,
    sideText(each.a, each.a_quality, each.also_a),
    `${each.before.cost_a} -> ${each.cost_a}`,
    sideText(each.b, each.b_quality, each.also_b),
    `${each.before.cost_b} -> ${each.cost_b}`,
    placeText(each),
  ]);
  if (shown.length === 0) return [];
  const columns = ["from", "no longer", "USD", "but", "USD", "at"].map((name) => ({ name }));
  return [
    "",
    bold("What flips among these choices (costs one below -> there)"),
    table(columns, rows),
    ...(hidden === 0 ? [] : [`${hidden} more between other choices: --json`]),
  ];
}

function modelOf(name: string): string {
  return name.split(":")[0] ?? name;
}

function sideText(model: string, quality: string | null, also: readonly string[]): string {
  const name = quality === null ? model : `${model} ${quality}`;
  return also.length === 0 ? name : `${name} (+${also.length} alike)`;
}

function placeText({ sizes, references, n }: CrossoverJson): string {
  return [
    sizes.length === 0 ? "any size" : sizes.join(" "),
    references === null || references === 0 ? undefined : `${references} references`,
    n === null || n === 1 ? undefined : `n=${n}`,
  ]
    .filter((part) => part !== undefined)
    .join(", ");
}

const verdictWords = { holds: "HOLDS", fails: "FAILS", not_testable: "NOT TESTABLE" } as const;

function claimLines({ claims, published }: RuleJson, bold: Emphasis): readonly string[] {
  if (claims.length === 0) return [];
  const count = (verdict: ClaimJson["verdict"]) =>
    claims.filter((claim) => claim.verdict === verdict).length;
  const [holds, fails, untold] = [count("holds"), count("fails"), count("not_testable")];
  const sections = [...new Set(claims.map(({ section }) => section))];
  return [
    "",
    bold(`"${published.title}" (${published.said_on}), sentence by sentence`),
    `${holds} hold, ${fails} fail, ${untold} not testable from prices`,
    ...sections.flatMap((section) => [
      "",
      bold(section),
      ...claims.filter((claim) => claim.section === section).flatMap(claimText),
    ]),
  ];
}

function claimText(claim: ClaimJson): readonly string[] {
  const { text, verdict, arithmetic, note, withdrawals, sweep } = claim;
  const testedBy =
    verdict === "not_testable" && sweep !== null ? [`  measured by: the sweep "${sweep}"`] : [];
  return [
    `${verdictWords[verdict].padEnd(12)}  “${text}”`,
    ...arithmetic.split("; ").map((line) => `  ${line}`),
    ...(note === null ? [] : [`  note: ${note}`]),
    ...withdrawals.map((each) => `  ${each}`).filter((line) => !arithmetic.includes(line.trim())),
    ...testedBy,
  ];
}
