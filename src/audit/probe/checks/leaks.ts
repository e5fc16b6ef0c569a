import type { CallRecord } from "../evidence.ts";
import { type Check, cannotTell, consistent, hostOf, inconsistent } from "./finding.ts";

/**
 * What only a vendor's own answers have in them: keys and organisations by their shapes. The spec's error texts show
 * both (docs/vendors, errors [seen], checked 2026-11-22).
 */
const VENDOR_IDS = /\borg-[A-Za-z0-9]{8,}|\bsk-[A-Za-z0-9_-]{8,}|\bAIza[A-Za-z0-9_-]{10,}/;

/** No address of a vendor's or of somebody's storage, and no vendor's own words. */
export const noLeaks: Check = {
  id: "no_leaks",
  needs: ["an answer"],
  law: () => ({
    says: "pictures come as bytes or from the gateway's own host; errors are its own",
    source: "recorded answers of these models hold bytes, never an address: docs/vendors",
    mark: "seen",
  }),
  judge: ({ evidence }) => {
    const { records, foreignHosts, host } = evidence;
    const answered = records.filter(({ answer }) => answer.status !== null);
    if (answered.length === 0) return cannotTell("nothing was answered");
    const others = (record: CallRecord): string[] =>
      record.answer.pictures.flatMap(({ url }) =>
        url === null || isUnder(hostOf(url), host) ? [] : [hostOf(url)],
      );
    const leaky = answered.filter(
      (record) =>
        others(record).some((each) => foreignHosts.some((foreign) => isUnder(each, foreign))) ||
        saysTooMuch(record.answer.error, foreignHosts),
    );
    if (leaky.length > 0) {
      const what = leaky.map(
        (record) => `${record.call.id}: ${others(record)[0] ?? "a vendor's words in its error"}`,
      );
      return inconsistent(`shown to clients: ${what.join("; ")}`, leaky);
    }
    const elsewhere = answered.filter((record) => others(record).length > 0);
    if (elsewhere.length > 0) {
      const hosts = [...new Set(elsewhere.flatMap(others))].join(", ");
      return cannotTell(`pictures lie at ${hosts}, which may or may not be its own`, elsewhere);
    }
    return consistent("no address but its own, no vendor's words", answered.slice(0, 1));
  },
};

function isUnder(host: string, parent: string): boolean {
  const [name = "", above = ""] = [host, parent].map((each) =>
    each.toLowerCase().replace(/:\d+$/, ""),
  );
  return name === above || name.endsWith(`.${above}`);
}

function saysTooMuch(error: string | null, foreignHosts: readonly string[]): boolean {
  if (error === null) return false;
  const words = error.toLowerCase().match(/[a-z0-9-]+(\.[a-z0-9-]+)+/g) ?? [];
  return (
    VENDOR_IDS.test(error) ||
    words.some((word) => foreignHosts.some((foreign) => isUnder(word, foreign)))
  );
}
