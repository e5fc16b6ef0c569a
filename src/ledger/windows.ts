/** The key under which spending is counted for ever. */
export const TOTAL_WINDOW = "total";

/** The windows open at an instant: `2026-11-22`, `2026-11` and, for the house, `2026-11-22T18`, in UTC. */
export type Windows = { readonly day: string; readonly month: string };

/** @param instantMs by the store's clock at commit, in milliseconds since 1970. */
export function windowsAt(instantMs: number): Windows {
  const text = new Date(instantMs).toISOString();
  return { day: text.slice(0, 10), month: text.slice(0, 7) };
}

/** The hour in which the house counts what it loses. */
export function hourAt(instantMs: number): string {
  return new Date(instantMs).toISOString().slice(0, 13);
}

/** The first instant of a UTC month `YYYY-MM`, in milliseconds since 1970. */
export function monthStartMs(month: string): number {
  return Date.parse(`${month}-01T00:00:00.000Z`);
}

/** The month after another one: `2027-01` after `2026-12`. */
export function monthAfter(month: string): string {
  const start = new Date(monthStartMs(month));
  return windowsAt(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1)).month;
}
