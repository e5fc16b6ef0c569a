import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sandbox, startSandbox, until } from "../gateway/sandbox.ts";
import { type Outcome, type StormyClient, stormyClients } from "./stormy-clients.ts";
import { openTap, type Tap } from "./tap.ts";

/** Whatever a client repeats behind its application's back, one picture is charged once. */

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ environment: { VENDOR_TIMEOUT_MS: "5000" } });
  // Tokenizers are loaded, pictures drawn: from here on the times are the tests'.
  await sandbox.generate({ model: "gpt-image-2", prompt: "a mug", quality: "low" });
});
afterAll(() => sandbox.close());

/** A client's storm: an account and a wire of its own, so that storms may rage side by side. */
async function open(isKeyed: boolean) {
  const account = await sandbox.admin("POST", "/accounts", { name: "a" });
  const key = await sandbox.admin("POST", "/keys", { account_id: account.body.id, name: "k" });
  const apiKey: string = key.body.key;
  const tap: Tap = await openTap(sandbox.gateway.url);
  const total = async () => (await sandbox.get("/v1/usage", apiKey)).body.total;
  return {
    tap,
    call: { door: { url: tap.url, apiKey }, idempotencyKey: isKeyed ? "order-1" : undefined },
    charges: async () => {
      await until(async () => (await total()).held === "0");
      const { settled, images, charge } = await total();
      return { settled, images, charge };
    },
  };
}

const NOTHING = { settled: 0, images: 0, charge: "0" };
const once = ({ usd }: StormyClient) => ({ settled: 1, images: 1, charge: usd });

type Weather = {
  /** The fault of the first try; the vendor is well from then on. */
  readonly fault: string;
  readonly requests: number;
  readonly outcome: Outcome;
};

/** What is over is over; what the vendor surely did not do is asked for again. */
const FIRST_TRY: readonly Weather[] = [
  { fault: "status=408", requests: 1, outcome: 424 },
  { fault: "status=409", requests: 1, outcome: 424 },
  { fault: "status=429", requests: 2, outcome: "picture" },
  { fault: "status=500", requests: 1, outcome: 424 },
  { fault: "status=502", requests: 1, outcome: 424 },
  { fault: "status=503", requests: 2, outcome: "picture" },
  { fault: "status=504", requests: 1, outcome: 424 },
  { fault: "hang", requests: 1, outcome: 424 },
  { fault: "cut", requests: 1, outcome: 424 },
  { fault: "failed", requests: 1, outcome: 424 },
  // An empty `data` in a 200 would be asked for again, and paid for again.
  { fault: "no-image", requests: 1, outcome: 422 },
];

const keys = [
  { named: "with an Idempotency-Key", isKeyed: true },
  { named: "without a key", isKeyed: false },
];
const storms = stormyClients.flatMap((stormy) => keys.map((key) => ({ ...stormy, ...key })));

describe.concurrent.each(storms)("$client $named", (stormy) => {
  it.each(FIRST_TRY)("$fault once: $outcome after $requests requests", async (weather) => {
    const { tap, call, charges } = await open(stormy.isKeyed);
    tap.emulate(weather.fault);
    const outcome = await stormy.ask(call);
    expect({ outcome, requests: tap.requests() }).toEqual({
      outcome: weather.outcome,
      requests: weather.requests,
    });
    expect(await charges()).toEqual(outcome === "picture" ? once(stormy) : NOTHING);
    await tap.close();
  });

  it("a vendor that stays busy: three requests, an error, no charge", async () => {
    const { tap, call, charges } = await open(stormy.isKeyed);
    tap.emulate("status=503", "status=503", "status=503");
    expect(await stormy.ask(call)).toBe(503);
    expect(tap.requests()).toBe(3);
    expect(await charges()).toEqual(NOTHING);
    await tap.close();
  });

  it("an application that gives up and asks again: one charge", async () => {
    const { tap, call, charges } = await open(stormy.isKeyed);
    // Given up at 2 s, asked again by 2.5 s at the latest, and given up by 4.5 s: far from either.
    tap.emulate("slow=3200");
    const first = await stormy.ask({ ...call, timeoutMs: 2_000 });
    // Some have asked again by themselves.
    expect(first).toBe(stormy.repeatsTimeouts ? "picture" : "gave up");
    if (!stormy.repeatsTimeouts) expect(await stormy.ask(call)).toBe("picture");
    expect(tap.requests()).toBeGreaterThanOrEqual(2);
    expect(await charges()).toEqual(once(stormy));
    await tap.close();
  });
});

describe.concurrent.each(stormyClients)("$client", (stormy) => {
  it("an answer that is lost on its way is given again under its key, for one charge", async () => {
    const { tap, call, charges } = await open(true);
    tap.loseNextAnswer();
    let outcome = await stormy.ask(call);
    if (outcome === "lost") outcome = await stormy.ask(call);
    expect(outcome).toBe("picture");
    expect(tap.requests()).toBe(2);
    expect(await charges()).toEqual(once(stormy));
    await tap.close();
  });
});

const impatient = stormyClients.filter(({ repeatsTimeouts }) => repeatsTimeouts);

describe.concurrent.each(impatient)("$client", (stormy) => {
  it("a vendor slower than two of its tries: the third gets the first one's picture, for one charge", async () => {
    const { tap, call, charges } = await open(false);
    // Given up at 1 s, asked again by 1.5 s, given up by 2.5 s, asked a third time by 3.5 s.
    tap.emulate("slow=3300");
    expect(await stormy.ask({ ...call, timeoutMs: 1_000 })).toBe("picture");
    expect(tap.requests()).toBe(3);
    expect(await charges()).toEqual(once(stormy));
    await tap.close();
  });
});

describe("what no gateway can know", () => {
  it("without a key, an answer that had left and was lost is another order, and is charged", async () => {
    const [openai] = stormyClients;
    const { tap, call, charges } = await open(false);
    tap.loseNextAnswer();
    expect(await openai?.ask(call)).toBe("picture");
    // 2 x 0.005985
    expect(await charges()).toEqual({ settled: 2, images: 2, charge: "0.01197" });
    await tap.close();
  });
});
