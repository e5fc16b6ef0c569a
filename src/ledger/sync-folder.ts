import { open } from "node:fs/promises";

/** Makes the names in a folder as durable as what they name: a synced file that no folder lists is lost. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  await handle.sync();
  await handle.close();
}
