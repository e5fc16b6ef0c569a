import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";
import { openResultFolder } from "../../src/results/folder.ts";

const ROUNDS = process.env["SOAK"] === "1" ? 100 : 5;
const BYTES = 3 * 1024 ** 2;

/** Lets a child keep things until it has named so many, kills it, and returns every line that came out. */
async function keepAndKill(folder: string, lines: number): Promise<readonly string[]> {
  const script = join(import.meta.dirname, "stores-child.ts");
  const child = spawn(process.execPath, [script, folder], { stdio: ["ignore", "pipe", "inherit"] });
  const told: string[] = [];
  const closed = once(child, "close");
  for await (const line of createInterface({ input: child.stdout })) {
    told.push(line);
    if (told.length === lines) child.kill("SIGKILL");
  }
  await closed;
  return told;
}

it("kill -9: what was told is kept is whole, and nothing else can be seen", async () => {
  const folder = mkdtempSync(join(tmpdir(), "spotmeter-killed-"));
  const problems: unknown[] = [];
  const results = openResultFolder({
    folder: join(folder, "results"),
    bytesMax: 1024 ** 4,
    problem: (_id, cause) => problems.push(cause),
  });
  const told: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    told.push(...(await keepAndKill(folder, 3 + 4 * round)));
  }
  const kept = told.filter((line) => line.startsWith("result "));
  expect(kept.length).toBeGreaterThan(0);
  for (const line of kept) {
    const [, id = "", digit = ""] = line.split(" ");
    const stored = await results.read(id, `picture-${Number(digit)}`);
    const chunks: Buffer[] = [];
    for await (const chunk of (stored?.body ?? []) as AsyncIterable<Buffer>) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(Buffer.alloc(BYTES, digit))).toBe(true);
  }
  expect(problems).toEqual([]);
  const shop = join(folder, "outputs", "shop");
  const visible = readdirSync(shop).filter((name) => !name.startsWith("."));
  for (const name of visible) {
    const whole = Buffer.alloc(BYTES, name.slice(-1));
    expect(readFileSync(join(shop, name)).equals(whole)).toBe(true);
  }
  const outputs = told.filter((line) => /^output .* kept$/.test(line));
  expect(outputs.length).toBeGreaterThan(0);
  for (const line of outputs) expect(visible).toContain(line.split(" ")[1]?.slice("shop/".length));
  rmSync(folder, { recursive: true });
});
