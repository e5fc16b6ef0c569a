import type { Command } from "commander";
import { Refusal } from "../refusals.ts";
import { isApiKey } from "./api-key.ts";
import { Misuse, Refused, refused } from "./failures.ts";
import { day, pair } from "./flags.ts";
import { withGateway } from "./gateway.ts";
import { progressLine } from "./progress.ts";
import { openSession, type Session } from "./session.ts";
import { withSpinner } from "./spinner.ts";
import type { Terminal } from "./terminal.ts";
import { whatIfAnswer, whatIfText } from "./what-if-text.ts";
import { readAnswer } from "./wire.ts";

type Pairs = Readonly<Record<string, string>>;

type WhatIfFlags = {
  readonly from?: string;
  readonly to?: string;
  readonly set?: Pairs;
  readonly model?: string;
  readonly auto?: Pairs;
  readonly priceVersion?: string;
  readonly asOf?: string;
  readonly keyId?: string;
  readonly account?: string;
  readonly imported?: string;
};

/** `what-if`: past requests rated again under another choice; without one, the levers that would have saved most. */
export function addWhatIf(program: Command, terminal: Terminal): void {
  program
    .command("what-if")
    .description("what past requests would have cost under another choice; without one: the levers")
    .option("--from <day>", "first UTC day (default: the first of the month)", day)
    .option("--to <day>", "last UTC day (default: today)", day)
    .option(
      "--set <name=value>",
      "quality=low, size=1024x1024 or fan_out=true; may be given many times",
      pair,
    )
    .option("--model <id>", "on another model")
    .option(
      "--auto <name=value>",
      "on the cheapest capable model: band, max_cost, allow, deny, regions (with + between), exact_size; may be given many times",
      pair,
    )
    .option("--price-version <id>", "by another version of a model's price")
    .option("--as-of <day>", "by prices, models and ratings of this day", day)
    .option("--account <id>", "this account and all below it (default: all)")
    .option("--key-id <id>", "requests of this key only")
    .option("--imported <name>", "of an imported set in place of the journal")
    .action(async (flags: WhatIfFlags, command: Command) => {
      const session = openSession(command, terminal);
      const body = bodyOf(flags);
      const { imported } = flags;
      const answer =
        imported === undefined
          ? await ofJournal(session, body)
          : await ofImported(session, imported, body);
      const told = readAnswer(whatIfAnswer, answer);
      terminal.result(told, () => whatIfText(told, (line) => terminal.style("bold", line)));
    });
}

function bodyOf(flags: WhatIfFlags) {
  const { from, to, set, model, auto, priceVersion, asOf, keyId, account } = flags;
  const given = {
    ...{ from, to, model },
    set: set === undefined ? undefined : withSwitches("--set", set),
    auto: auto === undefined ? undefined : withSwitches("--auto", auto),
    ...{ price_version: priceVersion, as_of: asOf, key_id: keyId, account_id: account },
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

const LISTS = ["allow", "deny", "regions"];
const SWITCHES = ["exact_size", "allow_unrated", "allow_weak_prices", "fan_out"];

/** Values as the API takes them: `allow=a+b` is a list, `exact_size=true` a switch. */
function withSwitches(flag: string, pairs: Pairs): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(pairs).map(([name, value]) => {
      if (LISTS.includes(name)) return [name, value.split("+")];
      if (!SWITCHES.includes(name)) return [name, value];
      if (value !== "true" && value !== "false") {
        throw new Misuse(`${flag} ${name}=${value}: must be true or false`);
      }
      return [name, value === "true"];
    }),
  );
}

async function ofJournal(session: Session, body: object): Promise<unknown> {
  const own = isApiKey(session.key);
  const asked = { method: "POST", path: own ? "/v1/what-if" : "/admin/v1/what-if", body } as const;
  const answer = await withGateway(session, (gateway) =>
    withSpinner("rating settled requests again", () =>
      own ? gateway.call(asked) : gateway.administer(asked),
    ),
  );
  return answer.body;
}

/** Works on files of this home alone: no gateway is needed, and none is started. */
async function ofImported(session: Session, name: string, body: object): Promise<unknown> {
  const { whatIfImported } = await import("../start/what-if-imported.ts");
  const progress = progressLine();
  try {
    return await whatIfImported(session.config, {
      name,
      body,
      progress: (requests) => progress.show(`${requests} rows rated again`),
    });
  } catch (cause) {
    if (cause instanceof Refusal) throw asRefused(cause);
    throw cause;
  } finally {
    progress.end();
  }
}

/** A refusal as a gateway would have answered it. */
export function asRefused(refusal: Refusal): Refused {
  const { param = null, sent, allowed } = refusal.details;
  const { said } = refused(refusal.code, refusal.message);
  return new Refused(
    {
      ...said,
      ...{ type: "invalid_request_error", param },
      ...(sent === undefined ? {} : { sent }),
      ...(allowed === undefined ? {} : { allowed }),
    },
    { cause: refusal },
  );
}
