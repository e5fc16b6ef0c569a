import { createHash } from "node:crypto";

/** A share of a run's rows that goes out at a quality of its own, to be compared with the rest. */
export type Split = {
  readonly quality: string;
  /** In hundredths of a percent: 1 to 9,999. */
  readonly basisPoints: number;
};

/** The tag by which the parts of a split are told apart on the bill, and its value for all that is in no share. */
export const SPLIT_TAG = "split";
export const SPLIT_REST = "rest";

const WHOLE = 10_000;
/** The hash is read as a number below 2^48, which a double holds exactly. */
const HASH_RANGE = 2 ** 48;
const FORM = /^([A-Za-z0-9][\w.-]{0,63})=(\d{1,2})(?:\.(\d{1,2}))?\s?%$/;

/**
 * Reads `low=10%`; percents may have two decimals.
 *
 * @throws RangeError for another form, a share of nothing, shares above the whole, or one quality twice.
 */
export function parseSplits(texts: readonly string[]): readonly Split[] {
  const splits = texts.map(parseSplit);
  const names = splits.map(({ quality }) => quality);
  const twice = names.find((name, place) => names.indexOf(name) < place);
  if (twice !== undefined) throw new RangeError(`${twice} has two shares`);
  const sum = splits.reduce((before, { basisPoints }) => before + basisPoints, 0);
  if (sum > WHOLE) throw new RangeError("the shares come to more than 100%");
  return splits;
}

function parseSplit(text: string): Split {
  const [, quality, percent = "0", decimals = ""] = FORM.exec(text) ?? [];
  if (quality === undefined || quality === SPLIT_REST) {
    throw new RangeError(`${text}: must be QUALITY=SHARE%, such as low=10%`);
  }
  const basisPoints = Number(percent) * 100 + Number(decimals.padEnd(2, "0"));
  if (basisPoints === 0) throw new RangeError(`${text}: a share of nothing`);
  return { quality, basisPoints };
}

/**
 * The share that a row falls into; undefined for the rest. The same for this row of this run whatever other rows
 * there are, and for one share whatever shares stand behind it.
 */
export function splitOf(
  splits: readonly Split[],
  row: { readonly run: string; readonly id: string },
): Split | undefined {
  const place = placeOf(row);
  let end = 0;
  for (const split of splits) {
    end += split.basisPoints;
    if (place < end) return split;
  }
  return undefined;
}

/** Where a row stands, evenly spread from 0 to below 10,000. */
function placeOf({ run, id }: { readonly run: string; readonly id: string }): number {
  const hash = createHash("sha256").update(`${run.length}:${run}\0${id}`).digest();
  return Math.floor((hash.readUIntBE(0, 6) * WHOLE) / HASH_RANGE);
}
