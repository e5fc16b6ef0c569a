import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { suites } from "../scripts/suites.ts";
import { PACKAGE_NAME } from "../src/package-name.ts";
import { registrations } from "../src/vendors/registry.ts";
import {
  crossImports,
  floatMoney,
  incompleteVendors,
  leftovers,
  longFiles,
  missingReadmes,
  orphanTests,
  packageHosts,
  perTokenVendorsOf,
  type SourceFile,
  stylistic,
  unsourcedFacts,
  vendorIdsOf,
  vendorNames,
  withoutComments,
} from "./tidy-rules.ts";

const root = new URL("../", import.meta.url).pathname;
const PATTERNS = [
  "{src,emulators,test,bench,web,scripts}/**/*.{ts,tsx,md,json}",
  "catalog/**/*.json",
  "{bin,.ci}/*",
  "scripts/*.sh",
  "*.{json,md,ts}",
];
const files: readonly SourceFile[] = globSync(PATTERNS, {
  cwd: root,
  exclude: (name) => name === "node_modules" || name === "dist",
}).map((path) => ({ path, text: readFileSync(`${root}${path}`, "utf8") }));

const VENDORS = ["openai", "google"];
const globs = suites.flatMap((suite) => suite.include);

describe("this repository", () => {
  it("is looked at whole", () => {
    expect(files.length).toBeGreaterThan(200);
    expect(perTokenVendorsOf(files)).toEqual(new Set(["openai", "google"]));
  });

  it.each([
    ["no file of code is longer than 400 lines", longFiles(files)],
    ["no float comes near money", floatMoney(files)],
    ["no code outside src/vendors names a vendor", vendorNames(files, vendorIdsOf(files))],
    ["emulators and gateway import nothing of each other", crossImports(files)],
    ["every fact of the catalog has source, day and mark", unsourcedFacts(files)],
    ["every vendor's folder is whole", incompleteVendors(files, perTokenVendorsOf(files))],
    ["nothing is left over or left out without a reason", leftovers(files)],
    ["every room has its README", missingReadmes(files)],
    ["src exports by name and prints nothing", stylistic(files)],
    ["every test file is in exactly one suite", orphanTests(files, globs)],
    ["no package host is named", packageHosts(files)],
  ])("%s", (_law, complaints) => {
    expect(complaints).toEqual([]);
  });

  it("every vendor's folder is registered, and nothing else", () => {
    const registered = registrations.map(({ vendor }) => vendor.id);
    expect(registered.toSorted()).toEqual(vendorIdsOf(files).toSorted());
  });

  it("the package name is one constant", () => {
    const { name, bin } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
    expect(name).toBe(PACKAGE_NAME);
    expect(Object.keys(bin)).toEqual([PACKAGE_NAME]);
  });
});

const file = (path: string, text: string): readonly SourceFile[] => [{ path, text }];
const rowWith = (change: object): readonly SourceFile[] => {
  const fact = { source: "a page", checkedOn: "2026-11-22", mark: "spec" };
  const row = { vendor: "openai", served: true, sources: [fact], rateCard: [fact] };
  return file("catalog/models/m.json", JSON.stringify({ ...row, ...change }));
};

describe("each rule bites on a planted counter-example", () => {
  it.each<[string, string[]]>([
    ["401 lines", longFiles(file("bench/a.ts", "x\n".repeat(401)))],
    ["0.1 * 3", floatMoney(file("src/billing/a.ts", "const a = 0.1 * 3;"))],
    ["1e-6", floatMoney(file("src/money/a.ts", "const a = 1e-6;"))],
    ["parseFloat", floatMoney(file("src/ledger/a.ts", "parseFloat(text)"))],
    ["toBeCloseTo", floatMoney(file("test/core/a.test.ts", "expect(a).toBeCloseTo(b)"))],
    ["a vendor's id", vendorNames(file("src/http/a.ts", 'vendor === "openai"'), VENDORS)],
    ["a vendor's id in backticks", vendorNames(file("src/gateway/a.ts", "`google`"), VENDORS)],
    ["a brand in a name", vendorNames(file("src/gateway/a.ts", "geminiUsage()"), VENDORS)],
    ["a model's name", vendorNames(file("src/billing/a.ts", 'id.startsWith("gpt-image-1")'), [])],
    ["a brand beside a contract", vendorNames(file("src/http/a.ts", "seedreamSize()"), VENDORS)],
    ["a type's name elsewhere", vendorNames(file("src/http/a.ts", '"google.rpc"'), VENDORS)],
    ["emulator → src", crossImports(file("emulators/a/b.ts", 'from "../../src/ids.ts"'))],
    ["src → emulator", crossImports(file("src/http/a.ts", 'import("../../emulators/start.ts")'))],
    ["src → test", crossImports(file("src/http/a.ts", 'from "../../test/a.ts"'))],
    ["no source", unsourcedFacts(rowWith({ sources: [] }))],
    ["an unmarked price", unsourcedFacts(rowWith({ rateCard: [{ source: "a", checkedOn: "b" }] }))],
    ["an undated end", unsourcedFacts(rowWith({ lifeCycle: { shutdownAt: { on: "2027" } } }))],
    ["a law without source", unsourcedFacts(rowWith({ outputLaw: { kind: "table" } }))],
    ["half a vendor", incompleteVendors(file("src/vendors/new/client.ts", ""), new Set())],
    ["TO" + "DO", leftovers(file("src/a.ts", `// ${"TO"}${"DO"}: later`))],
    ["only", leftovers(file("test/core/a.test.ts", "it.only('x')"))],
    ["skip", leftovers(file("test/core/a.test.ts", "\n  it.skip('x')"))],
    ["no README", missingReadmes(file("src/new/a.ts", ""))],
    ["default export", stylistic(file("src/a.ts", "export default 1"))],
    ["console", stylistic(file("src/a.ts", "console.log(1)"))],
    ["a test in no suite", orphanTests(file("test/elsewhere/a.test.ts", ""), globs)],
    [
      "a package host",
      packageHosts(file("scripts/a.sh", `curl https://${"registry"}.example.org`)),
    ],
  ])("%s", (_what, complaints) => {
    expect(complaints).not.toEqual([]);
  });

  it("tokens.ts is asked of vendors that bill by tokens only", () => {
    const names = ["request", "response", "usage", "client"];
    const folder = [
      ...names.map((name) => ({ path: `src/vendors/v/${name}.ts`, text: "" })),
      { path: "emulators/v/routes.ts", text: "" },
    ];
    expect(incompleteVendors(folder, new Set())).toEqual([]);
    expect(incompleteVendors(folder, new Set(["v"]))).toEqual([
      "src/vendors/v/tokens.ts is missing",
    ]);
    const priced = (kind: string) => perTokenVendorsOf(rowWith({ outputLaw: { kind } }));
    expect(priced("flat")).toEqual(new Set());
    expect(priced("table")).toEqual(new Set(["openai"]));
  });
});

describe("each rule leaves alone what is right", () => {
  it.each<[string, string[]]>([
    ["400 lines", longFiles(file("src/a.ts", "x\n".repeat(400)))],
    ["a decimal string", floatMoney(file("src/billing/a.ts", 'parseUsd("0.1") // 0.1 USD'))],
    ["a float elsewhere", floatMoney(file("src/cli/a.ts", "const share = 0.5;"))],
    ["a client contract", vendorNames(file("src/http/a.ts", 'import "./openai/b.ts"'), VENDORS)],
    [
      "a type's name",
      vendorNames(
        file("src/http/gemini/a.ts", '"type.googleapis.com/google.rpc.ErrorInfo"'),
        VENDORS,
      ),
    ],
    ["a comment", vendorNames(file("src/gateway/a.ts", "// as OpenAI does"), VENDORS)],
    ["a mark", vendorNames(file("src/billing/a.ts", "const mark = remark;"), VENDORS)],
    ["the sandbox", crossImports(file("src/start/gateway.ts", 'from "../../emulators/start.ts"'))],
    ["a reason", leftovers(file("test/a.test.ts", "// needs a real disk\nit.skip('x')"))],
    ["a flat law", unsourcedFacts(rowWith({ outputLaw: { kind: "flat" } }))],
  ])("%s", (_what, complaints) => {
    expect(complaints).toEqual([]);
  });

  it("a comment is blanked line by line; a string that looks like one is not", () => {
    expect(withoutComments('a /* b\nc */ d // e\n"// f"')).toBe('a     \n     d     \n"// f"');
  });
});
