/**
 * A database as it is said to people: where it is and what it is called. Never who connects, nor a password,
 * which may stand among the parameters too.
 */
export function databaseName(url: string): string {
  const { host = "", pathname = "" } = URL.parse(url) ?? {};
  return `${host}${pathname}`;
}
