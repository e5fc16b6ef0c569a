import type { Command } from "../engine/commands.ts";
import { LedgerUnavailable } from "../port.ts";
import type { Lane, Outcome } from "./lane.ts";

/** What all lanes together may keep in memory. */
export type LanesMost = {
  /** Roots. */
  readonly lanes: number;
  /** Keys of rows: a few hundred bytes each. */
  readonly keys: number;
  /** It is looked after once in so many commands. */
  readonly commandsBetween: number;
};

const MOST: LanesMost = { lanes: 1_000, keys: 100_000, commandsBetween: 1_000 };

/** The transactions of all roots: those of one behind each other, those of different ones side by side. */
export type Lanes = {
  readonly ask: (root: string, command: Command) => Promise<Outcome>;
  /** Takes nothing more; resolves when all that was asked for is done. */
  readonly close: () => Promise<void>;
};

/** A lane, and for how many commands somebody waits. */
type Used = { readonly lane: Lane; waiting: number };

/** @param open makes the lane of a root, when it is asked for the first time or again after it was dropped. */
export function openLanes(open: (root: string) => Lane, most: LanesMost = MOST): Lanes {
  /** The one that was asked last is the last. */
  const lanes = new Map<string, Used>();
  let commands = 0;
  let closed = false;

  async function ask(root: string, command: Command): Promise<Outcome> {
    if (closed) throw new LedgerUnavailable("the ledger is closed");
    commands += 1;
    if (commands % most.commandsBetween === 0) dropIdle();
    const used = lanes.get(root) ?? { lane: open(root), waiting: 0 };
    lanes.delete(root);
    lanes.set(root, used);
    used.waiting += 1;
    try {
      return await used.lane.ask(command);
    } finally {
      used.waiting -= 1;
    }
  }

  /** Drops those that were idle longest until the rest is few enough. A busy one has the root's only order. */
  function dropIdle(): void {
    let keys = 0;
    for (const { lane } of lanes.values()) keys += lane.size();
    for (const [root, { lane, waiting }] of lanes) {
      if (lanes.size <= most.lanes && keys <= most.keys) return;
      if (waiting > 0) continue;
      keys -= lane.size();
      lanes.delete(root);
    }
  }

  return {
    ask,
    close: async () => {
      closed = true;
      await Promise.all([...lanes.values()].map(({ lane }) => lane.drained()));
    },
  };
}
