import { hash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { z } from "zod";
import { type Statement, statementSchema } from "../statements/statement-schema.ts";
import { EXIT, Misuse, refused } from "./failures.ts";
import { integer, month } from "./flags.ts";
import { type Gateway, withGateway } from "./gateway.ts";
import type { HttpAnswer, HttpCall } from "./http-client.ts";
import { openSession } from "./session.ts";
import { withSpinner } from "./spinner.ts";
import { listText, statementText, verifiedText } from "./statement-text.ts";
import type { Terminal } from "./terminal.ts";
import { writeTextFile } from "./text-file.ts";
import { readAnswer } from "./wire.ts";
import { accountsAnswer, statementsAnswer } from "./wire-admin.ts";

const FORMATS = ["html", "csv", "json"] as const;
type Format = (typeof FORMATS)[number];

type Flags = {
  readonly month?: string;
  readonly list?: true;
  readonly draft?: true;
  readonly format?: string;
  readonly out?: string;
  readonly limit?: number;
  readonly before?: string;
};

/** `statement ACCOUNT`: what a month came to, numbered, once and for good. */
export function addStatement(program: Command, terminal: Terminal): void {
  const statement = program
    .command("statement")
    .description("what a month came to, for an account with all below it: issued once, provable")
    .argument("<account>", "its id, or its name where no other account has it")
    .option("--month <month>", "a UTC month that is over, YYYY-MM", month)
    .option("--list", "the statements that were issued, newest first")
    .option("--draft", "a month that goes on, or isn't issued: no number, stored nowhere")
    .option("--format <format>", "html, csv or json, as they are handed out (default: a summary)")
    .option("--out <file>", "write it there; an ending .html, .csv or .json says the format")
    .option("--limit <count>", "with --list: at most so many, 1 to 1000; default: 100", integer)
    .option("--before <cursor>", "with --list: the page after the one that named it")
    .action(async (account: string, flags: Flags, command: Command) => {
      const session = openSession(command, terminal);
      refuseMisuse(flags, terminal);
      await withGateway(session, async (gateway) => {
        const path = `/admin/v1/accounts/${encodeURIComponent(await idOf(account, gateway))}/statements`;
        if (flags.list === true) return list(gateway, path, { flags, terminal });
        return one(gateway, path, { flags, terminal });
      });
    });
  addVerify(statement, terminal);
}

function refuseMisuse(flags: Flags, terminal: Terminal): void {
  const { list: lists = false, month: asked, format, out, draft = false } = flags;
  if (lists === (asked !== undefined)) throw new Misuse("give --month YYYY-MM, or --list");
  if (lists && (draft || format !== undefined || out !== undefined)) {
    throw new Misuse("--list goes with neither --draft nor --format nor --out");
  }
  if (!lists && (flags.limit !== undefined || flags.before !== undefined)) {
    throw new Misuse("--limit and --before go with --list");
  }
  const wanted = formatOf(flags);
  if (terminal.json && out === undefined && (wanted === "html" || wanted === "csv")) {
    throw new Misuse(`--format ${wanted} or --json, not both; --out writes it to a file`);
  }
}

/** @throws Misuse for a format that there isn't. */
function formatOf({ format, out }: Flags): Format | undefined {
  const ending = /\.(html|csv|json)$/.exec(out ?? "")?.[1];
  const name = format ?? ending;
  const found = FORMATS.find((each) => each === name);
  if (name !== undefined && found === undefined) {
    throw new Misuse(`--format ${name}: must be html, csv or json`);
  }
  if (out !== undefined && found === undefined) {
    throw new Misuse(`--out ${out}: give --format html, csv or json, or such an ending`);
  }
  return found;
}

/** An account by its id, or by a name that only one has. @throws Refused naming those that share it. */
async function idOf(account: string, gateway: Gateway): Promise<string> {
  if (account.startsWith("acct_")) return account;
  const answer = await gateway.administer({ method: "GET", path: "/admin/v1/accounts" });
  const named = readAnswer(accountsAnswer, answer.body).data.filter(({ name }) => name === account);
  const [first] = named;
  if (first !== undefined && named.length === 1) return first.id;
  throw first === undefined
    ? refused("not_found", `no account has the id or the name ${account}`)
    : refused(
        "ambiguous_name",
        `${named.length} accounts are called ${account}: give the id of one, ${named.map(({ id }) => id).join(", ")}`,
      );
}

type Told = { readonly flags: Flags; readonly terminal: Terminal };

async function list(gateway: Gateway, path: string, { flags, terminal }: Told): Promise<void> {
  const query = new URLSearchParams();
  if (flags.limit !== undefined) query.set("limit", String(flags.limit));
  if (flags.before !== undefined) query.set("before", flags.before);
  const search = query.size === 0 ? "" : `?${query}`;
  const answer = await gateway.administer({ method: "GET", path: `${path}${search}` });
  const page = readAnswer(statementsAnswer, answer.body);
  terminal.result(page, () => listText(page));
}

/** Issues the statement of a month or draws up a draft; then shows it as it is asked for. */
async function one(gateway: Gateway, path: string, { flags, terminal }: Told): Promise<void> {
  const asked = flags.month ?? "";
  const format = formatOf(flags);
  const draft = `${path}/draft`;
  const query = `?month=${asked}`;
  const call: Omit<HttpCall, "key"> =
    flags.draft === true
      ? { method: "GET", path: `${draft}${query}`, text: true }
      : { method: "POST", path, body: { month: asked }, text: true };
  const answer = await withSpinner(`adding up ${asked}`, () => gateway.administer(call));
  const json = readAnswer(z.string(), answer.body);
  const statement = readAnswer(statementSchema, parsed(json));
  if (format === undefined) {
    // Parsed and written again, canonical JSON is the same bytes.
    terminal.result(JSON.parse(json), () => statementText(statement, proofIn(answer), terminal));
    return;
  }
  const rest = flags.draft === true ? query : "";
  const show = `${path}/${statement.number ?? "draft"}.${format}${rest}`;
  const text = format === "json" ? json : await textAt(gateway, show);
  await hand(text, statement, { flags, terminal });
}

async function textAt(gateway: Gateway, path: string): Promise<string> {
  const { body } = await gateway.administer({ method: "GET", path, text: true });
  return readAnswer(z.string(), body);
}

async function hand(text: string, statement: Statement, { flags, terminal }: Told): Promise<void> {
  const { out } = flags;
  const { number, month: of, draft } = statement;
  if (out === undefined) {
    // The terminal ends what it prints with a line break.
    terminal.result(terminal.json ? JSON.parse(text) : statement, () => text.replace(/\n$/, ""));
    return;
  }
  await writeTextFile(out, text);
  const what = draft ? `the draft of ${of}` : `statement ${number}`;
  terminal.result({ file: out, number, month: of, draft }, () => `wrote ${what} to ${out}`);
}

/** Where the ledger proves a statement, as its headers say it; undefined for a draft. */
function proofIn({ headers }: HttpAnswer) {
  const [sha256, sequence, chain] = [
    headers["x-statement-sha256"],
    headers["x-chain-sequence"],
    headers["x-chain-hash"],
  ].map(String);
  return headers["x-statement-sha256"] === undefined
    ? undefined
    : { sha256: sha256 ?? "", sequence: sequence ?? "", hash: chain ?? "" };
}

/** `statement verify FILE`: whether a file is what this ledger issued. */
function addVerify(statement: Command, terminal: Terminal): void {
  statement
    .command("verify")
    .description("whether a statement's JSON file is, to the byte, what this ledger issued")
    .argument("<file>")
    .action(async (file: string, _flags: object, command: Command) => {
      const session = openSession(command, terminal);
      const json = await readStatementFile(file);
      const told = statementIn(file, json);
      const sha256 = hash("sha256", json, "hex");
      const { number, account } = told;
      const path = `/admin/v1/accounts/${encodeURIComponent(account.id)}/statements/${encodeURIComponent(number)}`;
      const answer = await withGateway(session, (gateway) =>
        gateway.administer({ method: "GET", path, text: true }),
      );
      const issued = readAnswer(z.string(), answer.body);
      const proof = proofIn(answer);
      const ok = issued === json && proof?.sha256 === sha256;
      const found = { ok, file, number, account_id: account.id, month: told.month, sha256 };
      const whole = { ...found, issued_sha256: proof?.sha256 ?? null, entry: proof ?? null };
      terminal.result(whole, () => verifiedText({ ...found, proof }));
      if (!ok) terminal.endWith(EXIT.refused);
    });
}

/** The bytes as text; a line break that an editor or a shell has put behind them is no part of a statement. */
async function readStatementFile(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).replace(/\r?\n$/, "");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Misuse(`${file}: can't be read: ${why}`, { cause });
  }
}

/** Which statement a file says it is; the rest of it may be anything, and is compared. */
const statementName = z.looseObject({
  object: z.literal("statement"),
  number: z.string().nullable(),
  month: z.string(),
  account: z.looseObject({ id: z.string() }),
});

/** @throws Misuse for a file that is no statement, or a draft. */
function statementIn(file: string, json: string) {
  const told = statementName.safeParse(parsed(json)).data;
  if (told === undefined) {
    throw new Misuse(
      `${file}: not the JSON of a statement; spotmeter statement ACCOUNT --month YYYY-MM --format json writes it`,
    );
  }
  const { number } = told;
  if (number === null) throw new Misuse(`${file}: a draft was never issued: nothing proves it`);
  return { ...told, number };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
