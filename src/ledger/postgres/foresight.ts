import { type Command, isOfRuns, type RunCommand } from "../engine/commands.ts";
import { endingId } from "../journal.ts";
import { statementId } from "../statement-entry.ts";
import { foreseeRun } from "./foresight-of-runs.ts";
import type { Shelves } from "./shelves.ts";

/**
 * Notes which rows these commands are going to ask for, so that they come along with the lock. What can't
 * be told yet is loaded when a decision has asked for it.
 *
 * @param adoptable whether any call of the root may still be adopted.
 */
export function foresee(
  commands: readonly Command[],
  shelves: Shelves,
  { adoptable }: { readonly adoptable: boolean },
): void {
  for (const command of commands) {
    if (command.name === "hold") foreseeHold(command, shelves, adoptable);
    else if (isOfRuns(command)) foreseeRun(command, shelves);
    else foreseeOther(command, shelves);
  }
}

type CommandOf<Name extends Command["name"]> = Extract<Command, { readonly name: Name }>;

function foreseeHold(
  { argument }: CommandOf<"hold">,
  { calls, nodes, prices, intents, adoptables, runs, runRows }: Shelves,
  adoptable: boolean,
): void {
  const { id, accountId, keyId, price, admission, run } = argument;
  calls.want([id]);
  nodes.want([accountId]);
  nodes.want([keyId]);
  prices.want([price.sha256]);
  const { intent, adopt } = admission;
  if (intent != null) intents.want([intent.scope]);
  if (run !== null) {
    runs.want([run.id]);
    runRows.want([run.id, run.row]);
  }
  if (adopt != null && adoptable) adoptables.want([keyId, adopt]);
}

function foreseeOther(
  command: Exclude<Command, CommandOf<"hold"> | RunCommand>,
  shelves: Shelves,
): void {
  const { calls, nodes, prices, entries, corrections, outcomes, newestStatements } = shelves;
  switch (command.name) {
    case "end": {
      const { holdId, echoedPrice } = command.argument.ending;
      calls.want([holdId]);
      if (echoedPrice !== null) prices.want([echoedPrice.sha256]);
      break;
    }
    case "noteTask":
      calls.want([command.argument.task.holdId]);
      break;
    case "noteAdoptable":
      calls.want([command.argument.holdId]);
      break;
    case "createAccount":
      if (command.argument.parentId != null) nodes.want([command.argument.parentId]);
      break;
    case "fund":
      nodes.want([command.argument.accountId]);
      entries.want([command.argument.entryId]);
      break;
    case "createKey":
      nodes.want([command.argument.accountId]);
      nodes.want([command.argument.id]);
      break;
    case "revokeKey":
      nodes.want([command.argument.keyId]);
      break;
    case "changeNode":
      nodes.want([command.argument.nodeId]);
      break;
    case "moveAccount":
      nodes.want([command.argument.accountId]);
      nodes.want([command.argument.parentId]);
      break;
    case "correct": {
      const { entryId, corrects } = command.argument.request;
      entries.want([entryId]);
      entries.want([corrects]);
      corrections.want([corrects]);
      break;
    }
    case "noteOutcomes": {
      const { noted } = command.argument;
      calls.want([noted.holdId]);
      entries.want([endingId(noted.holdId)]);
      for (const { image } of noted.outcomes) outcomes.want([noted.holdId, image.toString()]);
      break;
    }
    case "issueStatement": {
      const { accountId, month } = command.argument;
      nodes.want([accountId]);
      entries.want([statementId(accountId, month)]);
      newestStatements.want([month]);
      break;
    }
    case "noteRestore":
      break;
    default:
      command satisfies never;
  }
}
