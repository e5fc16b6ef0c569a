import type { AcceptedOrder } from "../gates/accept.ts";
import type { Deps } from "./deps.ts";
import { type Dispatched, type DispatchTo, dispatch } from "./dispatch.ts";
import { LastImage } from "./last-image.ts";

/** Calls of one request that are under way at once, where the connection has room for so many. */
const AT_ONCE_MAX = 8;

/**
 * Fan-out: as many vendor calls of one image as images were asked for, all over one connection and under
 * one hold, ended by one deadline. Pictures pass on in the order of the calls, each once its own call was
 * judged good: whatever fails beside it, what leaves is whole.
 */
export async function fanOut(
  accepted: AcceptedOrder,
  to: DispatchTo,
  deps: Deps,
): Promise<readonly Dispatched[]> {
  const legs = accepted.order.n;
  const one: AcceptedOrder = { ...accepted, order: { ...accepted.order, n: 1 } };
  to.lease.send();
  const turn = atMost(1 + to.lease.widen(Math.min(legs, AT_ONCE_MAX) - 1));
  const called = Array.from({ length: legs }, (_, index) =>
    turn(() => callLeg(one, { ...to, index }, deps)),
  );
  const dispatched: Dispatched[] = [];
  for (const leg of called) {
    const { kept, ...result } = await leg;
    if (result.outcome.kind === "made") await kept.release();
    else kept.discard();
    dispatched.push(result);
  }
  return dispatched;
}

type Leg = Dispatched & { readonly kept: LastImage };

/** Never rejects: `dispatch` judges whatever happens. */
async function callLeg(
  one: AcceptedOrder,
  { index, ...to }: DispatchTo & { readonly index: number },
  deps: Deps,
): Promise<Leg> {
  const kept = new LastImage(to.sink);
  const { headers } = to;
  const numbered = Object.keys(headers).length === 0 ? {} : { "x-emulate-leg": String(index) };
  const result = await dispatch(
    one,
    {
      ...to,
      sink: kept,
      headers: { ...headers, ...numbered },
      // Its images were counted once, for all legs, before the first; a repetition counts its own.
      send: { first: () => undefined, again: () => to.lease.send(1) },
      // A hold has room for the task of one call: after a crash the house fears all legs.
      noteTask: () => Promise.resolve(),
    },
    deps,
  );
  return { ...result, kept };
}

/** Runs what it is given, so many at once; the rest follows in order. */
function atMost(count: number): <Result>(run: () => Promise<Result>) => Promise<Result> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (run) => {
    if (running < count) running += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await run();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
