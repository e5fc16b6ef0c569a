/** A number of a JSON text with the digits that were written: money in it is never a float. */
export type WrittenNumber = { readonly digits: string };

/**
 * Parses JSON; numbers come back as they were written, so that no digit of an amount is lost.
 *
 * @throws SyntaxError as `JSON.parse` does.
 */
export function parseExactJson(text: string): unknown {
  const keepDigits = (
    _key: string,
    value: unknown,
    context?: { readonly source?: string },
  ): unknown => {
    if (typeof value !== "number") return value;
    if (context?.source === undefined) throw new Error("this JavaScript engine hides the digits");
    return { digits: context.source } satisfies WrittenNumber;
  };
  return JSON.parse(text, keepDigits);
}
