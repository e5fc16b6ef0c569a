import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UnreadableFile } from "../../src/runs/rows-file.ts";
import { drawn } from "./pictures.ts";
import { badRowsOf, planText, problemsOf, temporaryFolder } from "./plan-world.ts";

const HEADER = "id,prompt,model,size,quality,n,references,seed,band,tag:shop";
const GOOD = "a,A mug,gpt-image-2,1024x1024,low,1,,,,north";

/** What is wrong with one row behind a good one: line 3. */
async function wrongRow(row: string, header = HEADER): Promise<readonly string[]> {
  return await problemsOf(`${HEADER === header ? `${header}\n${GOOD}` : header}\n${row}\n`);
}

describe("a row that can't be taken", () => {
  it.each([
    [",A mug,gpt-image-2,,,,,,,", "3 id: missing"],
    ["a,A mug,gpt-image-2,,,,,,,", "3 id: a: line 2 has this id already"],
    [
      "b\u0007,A mug,gpt-image-2,,,,,,,",
      "3 id: b\\u{7}: at most 200 characters, none of them a control character",
    ],
    ["b,,gpt-image-2,,,,,,,", "3 prompt: missing: give a column prompt, or --prompt or --template"],
    ["b,A mug,,,,,,,,", "3 model: missing: give a column model, or --model"],
    [
      "b,A mug,gpt-image-22,,,,,,,",
      "3 model: gpt-image-22: no such model; the nearest is gpt-image-2",
    ],
    [
      "b,A mug,auto/none,,,,,,,",
      "3 model: model=auto/none: no such preset; this gateway has none; its owner writes them as routes in spotmeter.yaml",
    ],
    [
      "b,A mug,gpt-image-2,big,,,,,,",
      "3 size: big: must be one of WxH, 512, 1K, 1.5K, 2K, 3K, 4K, auto",
    ],
    ["b,A mug,gpt-image-2,,,two,,,,", "3 n: two: must be a number such as 1"],
    ["b,A mug,gpt-image-2,,,0,,,,", "3 n: 0: Too small: expected number to be >=1"],
    ["b,A mug,gpt-image-2,,,1.5,,,,", "3 n: 1.5: Invalid input: expected int, received number"],
    ["b,A mug,gpt-image-2,,,,,x,,", "3 seed: x: must be a number such as 1"],
    [
      "b,A mug,gpt-image-2,,,,,,fine,",
      "3 band: goes with model auto: gpt-image-2 is named, so that nothing is chosen",
    ],
    [
      "b,A mug,auto,,,,,,best,",
      '3 band: best: Invalid option: expected one of "draft"|"standard"|"fine"|"finest"',
    ],
    ["b,A mug,gpt-image-2,,,,none.png,,,", "3 references: none.png: no such file"],
    [
      "b,A mug,gpt-image-2,,,,https://a.example/b.png,,,",
      "3 references: https://a.example/b.png: no URL is fetched here; give a file, or WIDTHxHEIGHT",
    ],
    [
      "b,A mug of {colour},gpt-image-2,,,,,,,",
      "3 colour: {colour} of the prompt can't be filled: there is no such column",
    ],
    [
      "b,A mug of {size},gpt-image-2,,,,,,,",
      "3 size: {size} of the prompt can't be filled: the row says nothing there",
    ],
    [
      "b,A {mug,gpt-image-2,,,,,,,",
      '3 prompt: a "{" that names no column: write {name} for a column, {{ for the brace itself',
    ],
    ["b,A mug,gpt-image-2", "3: 3 cells, but the header names 10 columns"],
    [
      'b,"A mug,gpt-image-2,,,,,,,',
      "3: a quote is opened and never closed; nothing behind it was read",
    ],
  ])("is named with its line and column: %s", async (row, problem) => {
    expect(await wrongRow(row)).toEqual([problem]);
  });

  it("is named for everything that is wrong in it, not only the first", async () => {
    expect(await wrongRow(",{,gpt-image-22,big,low,0,x.png,y,,")).toHaveLength(7);
  });
});

describe("a file that can't be taken", () => {
  it.each<[string, string, readonly string[]]>([
    ["nothing in it", "", ["1: the file is empty: no header"]],
    ["a header alone", "id,prompt,model\n", ["1: no rows: there is nothing to plan"]],
    [
      "columns missing: said once, not for every row",
      "name\nmug\nbowl\n",
      [
        "1 id: no such column: every row needs an id of its own",
        "1 model: no such column: give one, or --model",
        "1 prompt: no such column: give one, or --prompt or --template",
        "1 name: unknown column: no parameter is called so, and no prompt has {name}. --ignore-columns passes over it",
      ],
    ],
    [
      "a mistyped column",
      "id,prompt,model,qualty\na,A mug,gpt-image-2,low\n",
      [
        "1 qualty: unknown column: no parameter is called so, and no prompt has {qualty}; the nearest is quality. --ignore-columns passes over it",
      ],
    ],
    [
      "a column twice",
      "id,prompt,model,model\na,A mug,gpt-image-2,gpt-image-2\n",
      ["1 model: this column stands there twice"],
    ],
    [
      "what shapes the answer to one call",
      "id,prompt,model,stream\na,A mug,gpt-image-2,true\n",
      [
        "1 stream: unknown column: no parameter is called so, and no prompt has {stream}. --ignore-columns passes over it",
      ],
    ],
  ])("%s", async (_what, text, problems) => {
    expect(await problemsOf(text)).toEqual(problems);
  });

  it("says of a template which of its columns there aren't, once", async () => {
    const text = "id,model\na,gpt-image-2\nb,gpt-image-2\n";
    expect(await problemsOf(text, { template: "A {name} in {colour}" })).toEqual([
      "1 name: no such column, but the prompt names {name}",
      "1 colour: no such column, but the prompt names {colour}",
    ]);
  });

  it("names the line that is no UTF-8", async () => {
    const rows = Buffer.from(
      `id,prompt,model\na,A mug,gpt-image-2\nb,Caf\u00e9,gpt-image-2\n`,
      "latin1",
    );
    await expect(planText(rows)).rejects.toThrow(UnreadableFile);
    await expect(planText(rows)).rejects.toThrow("line 3 is no utf-8");
    expect((await planText(rows, { encoding: "windows-1252" })).asked.rows).toBe(2);
  });

  it("of JSON lines says which is none, and which is no object", async () => {
    const lines = ['{"id":"a","prompt":"A mug","model":"gpt-image-2"}', "{", "[1]", '{"id":3}'];
    const problems = await problemsOf(lines.join("\n"), { name: "plan.jsonl" });
    expect(problems[0]).toMatch(/^2: not JSON: /);
    expect(problems.slice(1)).toEqual([
      "3: not a JSON object",
      "4 model: missing: give a column model, or --model",
      "4 prompt: missing: give a column prompt, or --prompt or --template",
    ]);
  });
});

describe("rows that are understood", () => {
  it.each<[string, string | Buffer, string]>([
    [
      "with semicolons, as spreadsheets of much of Europe write them",
      'id;prompt;model\r\na;"A mug; white";gpt-image-2\r\n',
      "plan.csv",
    ],
    ["with tabs", "id\tprompt\tmodel\na\tA mug\tgpt-image-2\n", "plan.tsv"],
    ["with a byte order mark", "\uFEFFid,prompt,model\na,A mug,gpt-image-2\n", "plan.csv"],
    [
      "in UTF-16",
      Buffer.from("\uFEFFid,prompt,model\na,A mug,gpt-image-2\n", "utf16le"),
      "plan.csv",
    ],
    ["over several lines", 'id,prompt,model\na,"A mug\non white",gpt-image-2\n', "plan.csv"],
    [
      "as JSON lines",
      '{"id":7,"prompt":"A mug","model":"gpt-image-2","n":2,"tags":{"a":"b"}}\n\n',
      "plan.jsonl",
    ],
    [
      "as JSON lines in a file of another name",
      '{"id":"a","prompt":"A mug","model":"auto","allow":["gpt-image-2"]}',
      "plan",
    ],
  ])("%s", async (_how, text, name) => {
    expect((await planText(text, { name })).asked.rows).toBe(1);
  });

  it("are told from columns that are passed over", async () => {
    const text = "id,prompt,model,sku,weight\na,A mug,gpt-image-2,1,2\n";
    expect((await planText(text, { ignored: new Set(["sku", "weight"]) })).asked.rows).toBe(1);
    expect((await planText(text, { ignored: new Set(["*"]) })).asked.rows).toBe(1);
    expect(await problemsOf(text, { ignored: new Set(["sku"]) })).toHaveLength(1);
  });

  it("bring pictures by their files, measured as a request's are, or by their dimensions alone", async () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, "mug.png"), drawn(1024, 1024).file);
    const header = "id,prompt,model,quality,size,references";
    const row = (id: string, references: string): string =>
      `${id},A mug,gpt-image-2,low,1024x1024,${references}`;
    const path = join(folder.path, "mug.png");
    const text = [header, row("a", path), row("b", "1024x1024"), row("c", `${path};512x1024`)];
    const { planned } = await planText(text.join("\n"));
    const prices = planned.map(({ price }) => (price.kind === "priced" ? price.expected : 0n));
    expect(prices[0]).toBe(prices[1]);
    // 512x1024 is 16 x 32 = 512 patches at 0.000008, and one token of text more at 0.000005.
    expect((prices[2] ?? 0n) - (prices[1] ?? 0n)).toBe(4_101_000_000n);
  });
});

describe("a file of thousands of bad rows", () => {
  it("has every one of them counted and each kind named on its line", async () => {
    const kinds: readonly ((line: number) => string)[] = [
      (line) => `,A mug,gpt-image-2,,,,,,,shop ${line}`,
      (line) => `r${line},,gpt-image-2,,,,,,,`,
      (line) => `r${line},A mug,model-${line},,,,,,,`,
      (line) => `r${line},A mug,gpt-image-2,s${line},,,,,,`,
      (line) => `r${line},A mug,gpt-image-2,,,n${line},,,,`,
      (line) => `r${line},A mug,gpt-image-2,,,${-line},,,,`,
      (line) => `r${line},A mug,gpt-image-2,,,,p${line}.png,,,`,
      (line) => `r${line},A mug of {c${line}},gpt-image-2,,,,,,,`,
      (line) => `r${line},A }mug ${line},gpt-image-2,,,,,,,`,
      (line) => `r${line},A mug,auto,,,,,,b${line},`,
      (line) => `r${line},A mug,gpt-image-2,,,,,${line}.5,,`,
      (line) => `r${line},A mug,gpt-image-2,,,,,,,,,`,
    ];
    const lines = Array.from({ length: 6_000 }, (_, index) => index + 2);
    const rows = lines.map((line) => kinds[line % kinds.length]?.(line) ?? "");
    const { problems, count } = await badRowsOf([HEADER, ...rows, ""].join("\n"));
    expect(count).toBe(6_000);
    // A thousand are told, in the order of their lines, one a row here.
    expect(problems.map(({ line }) => line)).toEqual(lines.slice(0, 1_000));
    const columns = new Set(problems.map(({ column }) => column?.replace(/\d+/, "#") ?? "line"));
    expect([...columns].toSorted()).toEqual([
      "band",
      "c#",
      "id",
      "line",
      "model",
      "n",
      "prompt",
      "references",
      "seed",
      "size",
    ]);
  });
});
