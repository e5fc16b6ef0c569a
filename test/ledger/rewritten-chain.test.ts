import type { DatabaseSync } from "node:sqlite";
import { beforeAll, describe, expect, it } from "vitest";
import { verify } from "../../src/audit/verify.ts";
import { openSnapshot } from "../../src/ledger/sqlite/snapshot.ts";
import { rewrite, type Story, tampered, tellStory } from "./story.ts";

let story: Story;
beforeAll(async () => {
  story = await tellStory();
});

async function verifyAfter(tamper: (database: DatabaseSync) => void) {
  using snapshot = openSnapshot(tampered(story.file, tamper));
  return await verify({ query: snapshot.query });
}

describe("who writes the whole chain anew is caught by what follows from it", () => {
  type Edit = {
    readonly law: string;
    readonly from: string;
    readonly to: string;
    readonly id: () => string;
    readonly what: string;
    /** Where it is found, when that is a later entry. */
    readonly at?: () => string | null;
  };
  const ending = () => `${story.settled}.end`;
  /** The only entry of a kind about a node. */
  const entryLike = (pattern: string): string => {
    using snapshot = openSnapshot(story.file);
    const row = snapshot.database
      .prepare("SELECT id FROM entries WHERE text LIKE ? ORDER BY root, sequence")
      .get(pattern);
    return String(row?.["id"]);
  };
  const limitOfKey = () => entryLike(`%"key":"${story.team.keyId}","kind":"limit"%`);
  const houseChange = () => entryLike('%"exposureHour"%"event":"changed"%');
  const move = () => entryLike('%"kind":"move"%');
  const correctionOf = (id: string, before: string) =>
    entryLike(`%"before":"${before}","corrects":"${id}"%`);
  const secondAccount = () => {
    using snapshot = openSnapshot(story.file);
    const sql = "SELECT root FROM roots WHERE root <> ?";
    return String(snapshot.database.prepare(sql).get(story.party.accountId)?.["root"]);
  };
  const holdOfSecond = () => entryLike(`%"account":"${secondAccount()}"%"kind":"hold"%`);

  it.each<Edit>([
    {
      law: "a ceiling of another amount",
      from: '"amount":"100000000000","asOf"',
      to: '"amount":"100000000001","asOf"',
      id: () => story.settled,
      what: "postings",
    },
    {
      law: "another ceiling of the vendor's bill",
      from: '"vendorAmount":"100000000000"',
      to: '"vendorAmount":"50000000000"',
      id: () => story.settled,
      what: "vendor's ceiling",
    },
    {
      law: "fewer images than were billed",
      from: '"imagesMade":"2"',
      to: '"imagesMade":"1"',
      id: ending,
      what: "charge",
    },
    {
      law: "another quantity in the items",
      from: '"items":[{"meter":"output_images","quantity":"2"}]',
      to: '"items":[{"meter":"output_images","quantity":"1"}]',
      id: ending,
      what: "charge",
    },
    {
      law: "a line with another unit price",
      from: '"lines":[{"amount":"100000000000","meter":"output_images","quantity":"2","unitPrice":"50000000000"}],"overrun"',
      to: '"lines":[{"amount":"100000000000","meter":"output_images","quantity":"1","unitPrice":"100000000000"}],"overrun"',
      id: ending,
      what: "lines",
    },
    {
      law: "a posting to another book",
      from: '"book":"revenue"',
      to: '"book":"house"',
      id: ending,
      what: "postings",
    },
    {
      law: "another window",
      from: '"day":"2026-06-19"',
      to: '"day":"2026-06-18"',
      id: () => story.settled,
      what: "windows",
    },
    {
      law: "a path that leaves an account out",
      from: '"path":["',
      to: '"path":["key_x","',
      id: () => story.settled,
      what: "path",
    },
    {
      law: "a field that nobody knows",
      from: '"account":',
      to: '"aaa":"1","account":',
      id: () => story.settled,
      what: "entry",
    },
    {
      law: "the same said in another way",
      from: '"account":',
      to: ' "account":',
      id: () => story.settled,
      what: "canonical text",
    },
    {
      law: "a limit that never was",
      from: '"before":{"day":"2000000000000"}',
      to: '"before":{"day":"1000000000000"}',
      id: limitOfKey,
      what: "before",
    },
    {
      law: "a setting that never was",
      from: '"before":{"name":"Test","settings":{}}',
      to: '"before":{"name":"Test","settings":{"rate":{}}}',
      id: houseChange,
      what: "before",
    },
    {
      law: "a move from elsewhere",
      from: '"before":"acct_',
      to: '"before":"acct_x',
      id: move,
      what: "before",
    },
    {
      law: "a hold above a limit",
      from: '"limits":{}',
      to: '"limits":{"day":"1"}',
      id: secondAccount,
      what: "held within the day of",
      at: holdOfSecond,
    },
    {
      law: "a hold above the house's limit",
      from: '"settings":{}',
      to: '"settings":{"house":{"vendorCostDay":"1"}}',
      id: secondAccount,
      what: "held within the house's vendorCostDay",
      at: holdOfSecond,
    },
    {
      law: "a hold after the house had lost too much",
      from: '"exposureHour":"3000000000000"',
      to: '"exposureHour":"1"',
      id: houseChange,
      what: "held within the house's exposureHour",
      at: () => story.billed,
    },
    {
      law: "a correction of another amount",
      from: '"before":"70000000000"',
      to: '"before":"80000000000"',
      id: () => correctionOf(ending(), "70000000000"),
      what: "postings",
    },
    {
      law: "a correction that takes back less than it says",
      from: '"after":"40000000000"',
      to: '"after":"30000000000"',
      id: () => correctionOf(ending(), "70000000000"),
      what: "postings",
    },
    {
      law: "a correction of an entry that isn't there",
      from: '"corrects":"rcpt_',
      to: '"corrects":"rcpt_x',
      id: () => correctionOf(ending(), "100000000000"),
      what: "charge to correct",
    },
    {
      law: "a correction of a cost that is called one of an exposure",
      from: '"of":"cost"',
      to: '"of":"exposure"',
      id: () => correctionOf(`${story.late}.late`, "50000000000"),
      what: "postings",
    },
    {
      law: "a late result of another vendor cost",
      from: '"flags":["late"]',
      to: '"flags":["later"]',
      id: () => `${story.late}.late`,
      what: "entry",
    },
    {
      law: "an exposure of another reason than its ending's",
      from: '"reason":"timeout"',
      to: '"reason":"because"',
      id: () => `${story.billed}.exposure`,
      what: "due to its ending",
    },
    {
      law: "a prepaid account that was none",
      from: '"prepaid":true',
      to: '"prepaid":false',
      id: () => story.party.accountId,
      what: "prepaid",
      at: () => entryLike('%"kind":"fund"%'),
    },
  ])("$law", async ({ from, to, id, what, at }) => {
    const result = await verifyAfter((database) => {
      rewrite(database, { id: id(), from, to });
    });
    expect(result.first_discrepancy?.what).toContain(what);
    expect(result.first_discrepancy?.entry).toBe((at ?? id)());
  });

  it("a raised charge is no correction, whatever its postings", async () => {
    const id = correctionOf(ending(), "70000000000");
    const result = await verifyAfter((database) => {
      rewrite(database, { id, from: '"after":"40000000000"', to: '"after":"90000000000"' });
      const postings = [
        [
          '{"amount":"30000000000","book":"available"}',
          '{"amount":"-20000000000","book":"available"}',
        ],
        ['{"amount":"-30000000000","book":"revenue"}', '{"amount":"20000000000","book":"revenue"}'],
      ] as const;
      for (const [from, to] of postings) rewrite(database, { id, from, to });
    });
    expect(result.first_discrepancy).toMatchObject({
      entry: id,
      what: "the charge becomes less",
      stored: "false",
    });
  });
});
