import type { ListedConnection } from "../catalog/connections.ts";
import type { Config } from "../config.ts";
import { checkKey } from "../gateway/api-keys.ts";
import type { Deps } from "../gateway/deps.ts";
import { prepare } from "../gateway/prepare.ts";
import type { Limits } from "../ledger/accounts-port.ts";
import type { Recovery } from "../ledger/recovery.ts";
import { formatUsd } from "../money/pico-usd.ts";
import { Refusal } from "../refusals.ts";
import { EXAMPLE_ORDER, type Example, liveBanner, sandboxBanner } from "./banner.ts";
import { connectionText, leftOutText } from "./connection-text.ts";

type Announced = {
  readonly config: Config;
  readonly url: string;
  readonly recovered: Recovery;
  readonly sandbox: { readonly apiKey: string; readonly emulatorUrl: string } | undefined;
  /** What `spotmeter.yaml` lists, and what of it has no key. */
  readonly listed: readonly ListedConnection[];
  readonly leftOut: readonly ListedConnection[];
};

/** Says where the gateway answers, in which world, over which connections, and what recovery found. */
export async function announce(
  of: Announced,
  deps: Deps,
  say: (line: string) => void,
): Promise<void> {
  if (of.config.asOf !== undefined) {
    say(`The catalog is read as of ${of.config.asOf}: prices and life cycles of that day.`);
  }
  const { spooled, resumed, voided } = of.recovered;
  if (spooled + resumed + voided > 0) {
    say(
      `Recovery: ${spooled} endings posted from the spool, ${resumed} tasks ended, ${voided} open holds voided (nobody charged, exposure noted).`,
    );
  }
  for (const line of await lines(of, deps)) say(line);
}

async function lines(
  { url, sandbox, listed, leftOut }: Announced,
  deps: Deps,
): Promise<readonly string[]> {
  const connections = deps.connections.all.map(connectionText);
  if (sandbox !== undefined) {
    return sandboxBanner(
      { baseUrl: `${url}/v1`, ...sandbox },
      {
        // Without any of one's own they are what the sandbox always has.
        connections: listed.length === 0 ? [] : connections,
        example: await exampleFor(sandbox.apiKey, deps),
      },
    );
  }
  const accounts = await deps.ledger.listAccounts();
  return liveBanner(url, {
    connections,
    leftOut: leftOut.map(leftOutText),
    accounts: accounts.map((account) => ({
      name: account.name,
      limit: limitText(account.prepaid, account.limits, account.credits.available),
    })),
  });
}

/** What the example would cost the sandbox's own key, or why it can't be ordered with the settings of this start. */
async function exampleFor(apiKey: string, deps: Deps): Promise<Example> {
  const policy = await checkKey(apiKey, deps.world, deps.ledger);
  const { accountPath } = policy;
  const { model, prompt, quality } = EXAMPLE_ORDER;
  const size = { kind: "pixels", width: 1024, height: 1024 } as const;
  try {
    const by = { accountPath, policy, deps };
    const { quote } = await prepare({ model, prompt, quality, size, n: 1 }, by);
    const [expected, ceiling] = [quote.expected.total, quote.ceiling.total];
    return { kind: "quoted", expected: formatUsd(expected), ceiling: formatUsd(ceiling) };
  } catch (cause) {
    if (cause instanceof Refusal) return { kind: "refused", why: cause.message };
    throw cause;
  }
}

function limitText(
  prepaid: boolean,
  limits: Limits,
  available: Parameters<typeof formatUsd>[0] | null,
): string {
  const parts = Object.entries(limits).map(
    ([window, amount]) => `${formatUsd(amount)} USD a ${window}`,
  );
  if (prepaid) parts.unshift("prepaid");
  if (parts.length === 0) parts.push("no limit");
  return available === null
    ? parts.join(", ")
    : `${parts.join(", ")}; ${formatUsd(available)} USD available`;
}
