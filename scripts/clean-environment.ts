/**
 * Variables that would change what a test sees: vendor keys and addresses first of all. `DATABASE_URL` is
 * somebody's ledger; `TEST_DATABASE_URL` stays. `PG…` would tell the tests' connections where to go.
 */
const FOREIGN = [
  /_API_KEY$/,
  /_BASE_URL$/,
  /_ORG_ID$/,
  /_PROJECT_ID$/,
  /^SPOTMETER_/,
  /^EMULATOR_/,
  /^PG[A-Z]/,
  /^S3_/,
  /^(HOST|PORT|MASTER_KEY|LOG_LEVEL|DATABASE_URL|PUBLIC_URL|VENDOR_TIMEOUT_MS|NO_COLOR|FORCE_COLOR)$/,
];

/** The same environment without them: no test can reach a real vendor, or depend on whose machine it runs. */
export function cleanEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]): [string, string][] =>
      value === undefined || FOREIGN.some((pattern) => pattern.test(name)) ? [] : [[name, value]],
    ),
  );
}
