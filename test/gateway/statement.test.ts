import { hash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verify } from "../../src/audit/verify.ts";
import { ledgerFile } from "../../src/ledger/open.ts";
import { type Sandbox, startSandbox } from "./sandbox.ts";
import { type StatedHome, stateHome } from "./stated-home.ts";

let stated: StatedHome;
let sandbox: Sandbox;
beforeAll(async () => {
  stated = await stateHome();
  sandbox = await startSandbox({ home: stated.home });
});
afterAll(async () => {
  await sandbox.close();
  stated[Symbol.dispose]();
});

const pathOf = (account: string, rest = ""): string => `/accounts/${account}/statements${rest}`;
const issue = (month: string, account = stated.studio.accountId) =>
  sandbox.admin("POST", pathOf(account), { month });

/** An answer's own bytes. */
async function raw(rest: string) {
  const url = `${sandbox.gateway.url}/admin/v1${pathOf(stated.studio.accountId, rest)}`;
  const headers = { authorization: `Bearer ${sandbox.gateway.adminToken}` };
  const response = await fetch(url, { headers });
  return { headers: response.headers, text: await response.text() };
}

describe("statements over HTTP", () => {
  it("are issued once, 201 and then 200, told in full, and proven by the journal", async () => {
    const first = await issue("2026-08");
    expect(first.status).toBe(201);
    // 0.30 + 0.12 + 20 x 0.005955 = 0.5391; 0.03 was taken back within the month.
    expect(first.body).toMatchObject({
      ...{ object: "statement", number: "2026-08-0001", world: "sandbox", emulated: true },
      totals: { calls: 22, calls_not_charged: 1, images: 34, settled: "0.5391", total: "0.5091" },
      // 25 - 0.5091
      balance: { opening: "0", funded: "25", total: "0.5091", closing: "24.4909" },
      by_model: [
        { model: "gpt-image-2", quality: "low", calls: 20, images: 20, charge: "0.1191" },
        { model: "seedream-4-0", quality: null, calls: 2, images: 14, charge: "0.39" },
      ],
    });
    const again = await issue("2026-08");
    expect([again.status, again.body]).toEqual([200, first.body]);
    const { headers, text } = await raw("/2026-08-0001");
    expect(JSON.parse(text)).toEqual(first.body);
    expect(headers.get("x-statement-sha256")).toBe(hash("sha256", text, "hex"));
    const { body: listed } = await sandbox.admin("GET", pathOf(stated.studio.accountId));
    expect(listed.data).toMatchObject([
      {
        ...{ number: "2026-08-0001", total: "0.5091", sha256: hash("sha256", text, "hex") },
        entry: { hash: headers.get("x-chain-hash") },
      },
    ]);
  });

  it("a correction after it is a credit note of its own month, naming receipt and statement", async () => {
    const { body } = await issue("2026-09");
    expect(body.credit_notes).toMatchObject([
      {
        ...{ number: "CN-2026-09-0001", receipt_id: stated.credited, statement: "2026-08-0001" },
        ...{ before: "0.12", after: "0.09", amount: "-0.03" },
      },
    ]);
    // The call of 2026-08-31 that ended in September, less the credit.
    expect(body.totals).toMatchObject({ charged: "0.06", credited: "-0.03", total: "0.03" });
    expect(body.by_hold_month).toMatchObject([{ month: "2026-08", charge: "0.06" }]);
    // 24.4909 + 10 - 0.03
    expect(body.balance).toMatchObject({ opening: "24.4909", closing: "34.4609" });
    expect(await verify({ file: ledgerFile(stated.home, "sandbox") })).toMatchObject({ ok: true });
  });

  it("never tell what the house pays, and no name or reason in the page can run", async () => {
    const name = '<img src=x onerror="alert(1)">';
    await sandbox.admin("PATCH", `/accounts/${stated.shop.accountId}`, { name });
    const { body } = await issue("2026-08", stated.shop.accountId);
    expect(JSON.stringify(body)).not.toMatch(/vendor|cost|margin/);
    const page = await raw("/2026-08-0001.html");
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(page.text).toContain("SANDBOX: emulated calls. No money was real.");
    expect(page.text).not.toMatch(/<script|https?:\/\//);
    const draft = await raw("/draft.html?month=2026-08");
    expect(draft.text).toContain("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;");
    expect(draft.text).toContain("DRAFT: not issued, without a number.");
    expect(draft.headers.get("x-statement-sha256")).toBeNull();
  });

  it("as a table every section adds up by itself", async () => {
    const { headers, text } = await raw("/2026-08-0001.csv");
    expect(headers.get("content-disposition")).toContain("statement-2026-08-0001.csv");
    const rows = text.split("\r\n").map((line) => line.split(","));
    const amounts = (section: string) =>
      rows.filter((row) => row[3] === section).map((row) => row[10]);
    expect(amounts("total")).toEqual(["0.5391", "-0.03", "0.5091", "0", "0.5091"]);
    expect(amounts("model")).toEqual(["0.1191", "0.39"]);
    expect(amounts("account").toSorted()).toEqual(["0.2391", "0.27"]);
    expect(amounts("correction")).toEqual(["-0.03"]);
  });

  it.each([
    { month: "2026-7", code: "invalid_value", says: "must be YYYY-MM" },
    { month: "2026-07", code: "invalid_value", says: "its first month is 2026-08" },
    { month: "2099-01", code: "invalid_value", says: "it has not begun" },
    { month: new Date().toISOString().slice(0, 7), code: "conflict", says: "it is not over" },
  ])("$month is refused: $says", async ({ month, code, says }) => {
    const { body } = await issue(month);
    expect(body.error).toMatchObject({ code, param: "month" });
    expect(body.error.message).toContain(says);
  });

  it("an account or a number that isn't there is 404", async () => {
    expect((await issue("2026-08", "acct_none")).status).toBe(404);
    const none = await sandbox.admin("GET", pathOf(stated.studio.accountId, "/2026-08-0099"));
    expect(none.body.error).toMatchObject({ code: "not_found", param: "number" });
    // The shop's number is no number of the studio's.
    const other = await sandbox.admin("GET", pathOf(stated.shop.accountId, "/2026-08-0001"));
    expect(other.status).toBe(404);
    expect((await sandbox.get(`/admin/v1${pathOf(stated.studio.accountId)}`)).status).toBe(403);
  });
});
