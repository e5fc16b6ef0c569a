import { describe, expect, it } from "vitest";
import { Refused } from "../../src/cli/failures.ts";
import { patiently } from "../../src/cli/measure/patience.ts";

function refusal(code: string, retryAfterSeconds?: number): Refused {
  const said = { message: code, type: "rate_limit_error", param: null, code };
  return new Refused(said, { retryAfterSeconds });
}

describe("a refusal that passes by itself", () => {
  it("is waited for as long as it says, shown, and then the same is asked again", async () => {
    const waits: string[] = [];
    let asked = 0;
    const answer = await patiently(
      async () => {
        asked += 1;
        if (asked < 3) throw refusal("vendor_busy", 0);
        return "made";
      },
      {
        signal: new AbortController().signal,
        onWait: (seconds, code) => waits.push(`${seconds} ${code}`),
      },
    );
    expect([answer, waits]).toEqual(["made", ["0 vendor_busy", "0 vendor_busy"]]);
  });

  it("that never passes is given up after 20 waits; any other is not waited for", async () => {
    for (const [code, tries] of [
      ["rate_limited", 21],
      ["budget_exceeded", 1],
    ] as const) {
      let asked = 0;
      const work = async (): Promise<never> => {
        asked += 1;
        throw refusal(code, 0);
      };
      const patience = { signal: new AbortController().signal, onWait: () => undefined };
      await expect(patiently(work, patience)).rejects.toThrow(code);
      expect(asked).toBe(tries);
    }
  });

  it("whoever stops the run doesn't wait for it", async () => {
    const stop = new AbortController();
    const work = async (): Promise<never> => {
      throw refusal("rate_limited", 600);
    };
    const patience = { signal: stop.signal, onWait: () => stop.abort() };
    await expect(patiently(work, patience)).rejects.toThrow("rate_limited");
  });
});
