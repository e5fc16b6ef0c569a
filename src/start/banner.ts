import type { SandboxFile } from "./home.ts";

/** The quickest call that shows an exact bill; its price is quoted by the gateway itself at start. */
export const EXAMPLE_ORDER = {
  model: "gpt-image-2",
  prompt: "E-commerce product photo, matte ceramic mug, white background, softbox lighting",
  size: "1024x1024",
  quality: "low",
} as const;

/** What the example would cost, or why this start doesn't sell it. */
export type Example =
  | { readonly kind: "quoted"; readonly expected: string; readonly ceiling: string }
  | { readonly kind: "refused"; readonly why: string };

/** What a sandbox start says: that nothing is real, and how to make the first call. */
export function sandboxBanner(
  sandbox: Pick<SandboxFile, "baseUrl" | "apiKey" | "emulatorUrl">,
  given: { readonly connections: readonly string[]; readonly example: Example },
): readonly string[] {
  return [
    "SANDBOX: no vendor key is set, so emulators answer. No money is real; every picture says SANDBOX.",
    `  gateway    ${sandbox.baseUrl}`,
    `  API key    ${sandbox.apiKey}`,
    `  emulators  ${sandbox.emulatorUrl}`,
    ...given.connections.map((connection) => `  connection ${connection}`),
    "",
    ...exampleText(given.example, sandbox),
    "",
  ];
}

function exampleText(
  example: Example,
  { baseUrl, apiKey }: Pick<SandboxFile, "baseUrl" | "apiKey">,
): readonly string[] {
  if (example.kind === "refused") return [`The usual example can't be ordered: ${example.why}`];
  return [
    `Try it (expected ${example.expected} USD, never more than ${example.ceiling} USD):`,
    `  curl ${baseUrl}/images/generations -H "Authorization: Bearer ${apiKey}" \\`,
    `    -H "content-type: application/json" -d '${JSON.stringify(EXAMPLE_ORDER)}' -o answer.json`,
  ];
}

/** What a live start says: that money is real, over which connections, and how each account is limited. */
export function liveBanner(
  url: string,
  given: {
    readonly connections: readonly string[];
    /** Listed, but without a key. */
    readonly leftOut: readonly string[];
    readonly accounts: readonly { readonly name: string; readonly limit: string }[];
  },
): readonly string[] {
  const { connections, leftOut, accounts } = given;
  return [
    "LIVE: real money.",
    `  gateway     ${url}/v1`,
    ...connections.map((connection) => `  connection  ${connection}`),
    ...leftOut.map((connection) => `  left out    ${connection}`),
    ...(accounts.length === 0
      ? [
          "  account     none yet: spotmeter accounts create --name NAME (10 USD a day until raised)",
        ]
      : accounts.map(({ name, limit }) => `  account     ${name}: ${limit}`)),
    "",
  ];
}
