import type { SandboxFile } from "./home.ts";

/** The quickest call that shows an exact bill; its price is quoted by the gateway itself at start. */
export const EXAMPLE_ORDER = {
  model: "gpt-image-2",
  prompt: "E-commerce product photo, matte ceramic mug, white background, softbox lighting",
  size: "1024x1024",
  quality: "low",
} as const;

/** What a sandbox start says: that nothing is real, and how to make the first call. */
export function sandboxBanner(
  sandbox: Pick<SandboxFile, "baseUrl" | "apiKey" | "emulatorUrl">,
  example: { readonly expected: string; readonly ceiling: string },
): readonly string[] {
  return [
    "SANDBOX: no vendor key is set, so emulators answer. No money is real; every picture says SANDBOX.",
    `  gateway    ${sandbox.baseUrl}`,
    `  API key    ${sandbox.apiKey}`,
    `  emulators  ${sandbox.emulatorUrl}`,
    "",
    `Try it (expected ${example.expected} USD, never more than ${example.ceiling} USD):`,
    `  curl ${sandbox.baseUrl}/images/generations -H "Authorization: Bearer ${sandbox.apiKey}" \\`,
    `    -H "content-type: application/json" -d '${JSON.stringify(EXAMPLE_ORDER)}' -o answer.json`,
    "",
  ];
}

/** What a live start says: that money is real, who is called, and how each account is limited. */
export function liveBanner(
  url: string,
  vendors: readonly string[],
  accounts: readonly { readonly name: string; readonly limit: string }[],
): readonly string[] {
  return [
    "LIVE: real money.",
    `  gateway  ${url}/v1`,
    ...vendors.map((vendor) => `  vendor   ${vendor}`),
    ...(accounts.length === 0
      ? ["  account  none yet: spotmeter accounts create --name NAME (10 USD a day until raised)"]
      : accounts.map(({ name, limit }) => `  account  ${name}: ${limit}`)),
    "",
  ];
}
