import type { Config } from "../config.ts";
import { checkKey } from "../gateway/api-keys.ts";
import type { Deps } from "../gateway/deps.ts";
import { prepare } from "../gateway/prepare.ts";
import type { Limits } from "../ledger/accounts-port.ts";
import type { Recovery } from "../ledger/recovery.ts";
import { formatUsd } from "../money/pico-usd.ts";
import { EXAMPLE_ORDER, liveBanner, sandboxBanner } from "./banner.ts";

/** Says where the gateway answers, in which world, and what recovery found. */
export async function announce(
  of: {
    readonly config: Config;
    readonly url: string;
    readonly recovered: Recovery;
    readonly sandbox: { readonly apiKey: string; readonly emulatorUrl: string } | undefined;
  },
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
  {
    url,
    sandbox,
  }: {
    readonly url: string;
    readonly sandbox: { readonly apiKey: string; readonly emulatorUrl: string } | undefined;
  },
  deps: Deps,
): Promise<readonly string[]> {
  if (sandbox !== undefined) {
    const { quote } = await prepare(
      {
        model: EXAMPLE_ORDER.model,
        prompt: EXAMPLE_ORDER.prompt,
        quality: EXAMPLE_ORDER.quality,
        size: { kind: "pixels", width: 1024, height: 1024 },
        n: 1,
      },
      await checkKey(sandbox.apiKey, deps.world, deps.ledger),
      deps,
    );
    return sandboxBanner(
      { baseUrl: `${url}/v1`, ...sandbox },
      { expected: formatUsd(quote.expected.total), ceiling: formatUsd(quote.ceiling.total) },
    );
  }
  const vendors = [...deps.vendors.values()].map(
    ({ connection }) => `${connection.vendor} at ${new URL(connection.baseUrl).host}`,
  );
  const accounts = await deps.ledger.listAccounts();
  return liveBanner(
    url,
    vendors,
    accounts.map((account) => ({
      name: account.name,
      limit: limitText(account.prepaid, account.limits, account.credits.available),
    })),
  );
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
