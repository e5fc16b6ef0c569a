/** What the ledger takes of a vendor's usage (`EndingFacts.usage`). */
const CHARACTERS_MAX = 16 * 1024;

/** A vendor's usage as JSON text for the journal; null when there is none, or more than any usage has. */
export function usageTextOf(usage: unknown): string | null {
  if (usage === undefined || usage === null) return null;
  const text = JSON.stringify(usage);
  return text.length > CHARACTERS_MAX ? null : text;
}
