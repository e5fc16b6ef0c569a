import type { Command } from "commander";
import { z } from "zod";
import type { ProofResult } from "../../runs/proof/result.ts";
import { Misuse, Refused, refused } from "../failures.ts";
import { type Gateway, withGateway } from "../gateway.ts";
import { openSession } from "../session.ts";
import type { Terminal } from "../terminal.ts";
import { readAnswer } from "../wire.ts";
import { readProofFolder, readProofVotes } from "./folder.ts";
import { foundResult } from "./found-result.ts";
import { proofResultText } from "./result-text.ts";

type ResultFlags = {
  readonly votes?: string;
  readonly partial?: true;
  readonly post?: true;
};

/** `proof result FOLDER`: names, shares with intervals, tests, prices, and what the sample could not have seen. */
export function addResult(proof: Command, terminal: Terminal): void {
  proof
    .command("result")
    .description("what a proof came to, when every pair has a vote")
    .argument("<folder>", "a proof's folder")
    .option("--votes <file>", "votes.json as the page saved it (default: the folder's own)")
    .option("--partial", "though pairs have no vote yet; shows names before their time")
    .option("--post", "tell the gateway of each picture whether it was kept")
    .action(async (folder: string, flags: ResultFlags, command: Command) => {
      if (flags.post === true && flags.partial === true) {
        throw new Misuse("--post and --partial don't go together: outcomes are of whole proofs");
      }
      const stored = await readProofFolder(folder);
      const votes = await readProofVotes(stored, flags.votes);
      const partial = flags.partial === true;
      const { result, json } = await foundResult(stored, votes, { partial });
      const session = openSession(command, terminal);
      const posted =
        flags.post === true
          ? await withGateway(session, (gateway) => postOutcomes(gateway, result))
          : undefined;
      terminal.result({ ...json, outcomes_posted: posted ?? null }, () =>
        [
          proofResultText(json, (text) => terminal.style("bold", text)),
          ...(posted === undefined
            ? []
            : [
                `told the gateway of ${posted.posted} pictures, ${posted.unchanged} it knew already`,
              ]),
        ].join("\n"),
      );
    });
}

const posting = z.looseObject({ posted: z.number(), unchanged: z.number() });
type Posted = z.infer<typeof posting>;

/** So many outcomes go in one request. */
const BATCH = 500;

/** The reason that the journal keeps for a picture that was not kept. */
const REASON = "rejected-in-proof";

/** @throws Refused `no_outcomes` where the gateway has no such route. */
async function postOutcomes(
  gateway: Gateway,
  { candidates }: ProofResult,
): Promise<{ readonly posted: number; readonly unchanged: number }> {
  const outcomes = candidates.flatMap((candidate) =>
    candidate.outcomes.map(({ receiptId, kept }) => ({
      ...{ receipt_id: receiptId, image: 0, kept },
      ...(kept ? {} : { reason: REASON }),
    })),
  );
  let [posted, unchanged] = [0, 0];
  for (let from = 0; from < outcomes.length; from += BATCH) {
    const said = await postBatch(gateway, outcomes.slice(from, from + BATCH));
    posted += said.posted;
    unchanged += said.unchanged;
  }
  return { posted, unchanged };
}

async function postBatch(gateway: Gateway, outcomes: readonly object[]): Promise<Posted> {
  const body = { outcomes };
  try {
    const answer = await gateway.call({ method: "POST", path: "/v1/outcomes", body });
    return readAnswer(posting, answer.body);
  } catch (cause) {
    if (!(cause instanceof Refused) || !cause.message.startsWith("no such route")) throw cause;
    throw refused("no_outcomes", "this gateway takes no outcomes; it is another version", {
      cause,
    });
  }
}
