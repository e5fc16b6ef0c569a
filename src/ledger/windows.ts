/** The key under which spending is counted for ever. */
export const TOTAL_WINDOW = "total";

/** The spending windows open at an instant: `2026-11-22` and `2026-11`, in UTC. */
export type Windows = { readonly day: string; readonly month: string };

/** @param instantMs by the store's clock at commit, in milliseconds since 1970. */
export function windowsAt(instantMs: number): Windows {
  const text = new Date(instantMs).toISOString();
  return { day: text.slice(0, 10), month: text.slice(0, 7) };
}
