import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { StartError } from "./errors.ts";

/** The files of a home beside its ledgers. All hold secrets, all are their owner's alone (0600 in 0700). */

const runFile = z.object({ pid: z.int(), address: z.string(), adminToken: z.string() });
/** Where the gateway of this home answers, and the token that lets the command line in. */
export type RunFile = z.infer<typeof runFile>;

const sandboxFile = z.object({
  baseUrl: z.string(),
  apiKey: z.string(),
  masterKey: z.string(),
  emulatorUrl: z.string(),
});
/** What a script needs to use the sandbox that was started here. */
export type SandboxFile = z.infer<typeof sandboxFile>;

/** Makes the home, or tightens one that others may read. @throws StartError when it can't be used. */
export function prepareHome(home: string): void {
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    chmodSync(home, 0o700);
  } catch (cause) {
    throw new StartError(`the home ${home} can't be used: ${reason(cause)}`, { cause });
  }
}

export function readRunFile(home: string): RunFile | undefined {
  return readJsonFile(join(home, "run.json"), runFile);
}

export function writeRunFile(home: string, run: RunFile): void {
  writeOwnerOnly(join(home, "run.json"), `${JSON.stringify(run, null, 2)}\n`);
}

export function removeRunFile(home: string): void {
  rmSync(join(home, "run.json"), { force: true });
}

export function readSandboxFile(home: string): SandboxFile | undefined {
  return readJsonFile(join(home, "sandbox.json"), sandboxFile);
}

export function writeSandboxFile(home: string, sandbox: SandboxFile): void {
  writeOwnerOnly(join(home, "sandbox.json"), `${JSON.stringify(sandbox, null, 2)}\n`);
}

/** The master key of this home: given, kept from an earlier start, or made now. */
export function masterKey(
  home: string,
  given: string | undefined,
): { readonly key: string; readonly made: boolean } {
  if (given !== undefined) return { key: given, made: false };
  const file = join(home, "master.key");
  const kept = readText(file)?.trim();
  if (kept !== undefined && kept !== "") return { key: kept, made: false };
  const key = `sm_master_${randomBytes(32).toString("base64url")}`;
  writeOwnerOnly(file, `${key}\n`);
  return { key, made: true };
}

/** What URLs of pictures are signed with: given, kept from an earlier start, or made now. */
export function resultsSecret(home: string, given: string | undefined): string {
  if (given !== undefined) return given;
  const file = join(home, "results.key");
  const kept = readText(file)?.trim();
  if (kept !== undefined && kept !== "") return kept;
  const made = randomBytes(32).toString("base64url");
  writeOwnerOnly(file, `${made}\n`);
  return made;
}

const processFile = z.object({ process: z.string() });

/** The process that had this home before, if any; from now on it is ours. Hold the owner lock. */
export function takeProcessFile(home: string, process: string): string | undefined {
  const file = join(home, "process.json");
  const before = readJsonFile(file, processFile)?.process;
  writeOwnerOnly(file, `${JSON.stringify({ process })}\n`);
  return before;
}

/** Written beside and renamed: a reader sees the old file or the new one, never half of it. */
export function writeOwnerOnly(file: string, text: string): void {
  const fresh = `${file}.${process.pid}.new`;
  writeFileSync(fresh, text, { mode: 0o600 });
  renameSync(fresh, file);
}

/** A file's JSON; undefined where it isn't there or isn't what was written. */
export function readJsonFile<T>(file: string, schema: z.ZodType<T>): T | undefined {
  const text = readText(file);
  if (text === undefined) return undefined;
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    // A file that somebody spoiled says nothing; whoever needs it writes it anew.
    return undefined;
  }
}

/** A file's text; undefined where it isn't there. */
export function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined; // not there yet
  }
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
