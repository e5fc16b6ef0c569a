/**
 * Text as a column of PostgreSQL keeps it: the server takes no NUL, which becomes U+FFFD here, in what is
 * written and in what is asked for alike. (So does, on the wire, a lone surrogate, which UTF-8 can't say.)
 *
 * Names are asserted to have neither, and canonical text escapes both, so that this touches no entry: a
 * hold whose `user` has a NUL in it is made like any other, and what the caller sent stands in its entry.
 */
export function storable(text: string): string {
  return text.includes("\0") ? text.replaceAll("\0", "\uFFFD") : text;
}
