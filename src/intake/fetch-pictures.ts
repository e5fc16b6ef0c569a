import type { Reference } from "../gates/order.ts";
import { Refusal } from "../refusals.ts";
import { type DownloadLimits, fetchPicture } from "../vendors/wire/download.ts";
import { FETCH_LIMITS, FETCHES_AT_ONCE } from "./limits.ts";
import type { PictureRoom } from "./picture.ts";

/** A URL that a caller wrote, and what its picture is called in refusals. */
export type CallersUrl = { readonly name: string; readonly url: string };

export type Fetching = {
  readonly room: PictureRoom;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Instead of the usual ones: for tests, which have no public server to ask. */
  readonly guard?: {
    readonly limits?: Partial<DownloadLimits>;
    readonly loopbackAllowed?: boolean;
  };
};

/**
 * Fetches the pictures of a request, a few at a time, through the guard: public addresses only, redirects
 * checked again. Loopback never, in no world: a caller is not the owner of this machine. The first one that
 * can't be had ends all of them.
 *
 * @throws Refusal `image_unreachable`, which names no address, or what is wrong with a picture.
 */
export async function fetchPictures(
  urls: readonly CallersUrl[],
  { room, signal, guard = {} }: Fetching,
): Promise<Reference[]> {
  const failed = new AbortController();
  const options = {
    signal: AbortSignal.any([signal, failed.signal]),
    loopbackAllowed: guard.loopbackAllowed ?? false,
    limits: { ...FETCH_LIMITS, ...guard.limits },
  };
  const references = new Map<number, Reference>();
  const waiting = [...urls.entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, { name, url }] = next;
      const fetched = await fetchPicture(url, options);
      if (fetched.kind === "unavailable") {
        const why = `${name}: the picture at this URL can't be had: ${fetched.why}`;
        throw new Refusal("image_unreachable", why, { param: name });
      }
      references.set(index, await room.adopt(name, fetched.bytes));
    }
  };
  const failures: unknown[] = [];
  const workers = Array.from({ length: FETCHES_AT_ONCE }, () =>
    work().catch((cause: unknown) => {
      failures.push(cause);
      failed.abort();
      waiting.length = 0;
    }),
  );
  // All have ended before anything is thrown: what the last one brings still belongs to the room.
  await Promise.all(workers);
  if (failures.length > 0) throw failures[0]; // the others failed by it
  return urls.flatMap((_url, index) => references.get(index) ?? []);
}
