import { join } from "node:path";

/** What the temporary folder of a test's server is called, before the random letters. */
export const FOLDER_PREFIX = "spotmeter-postgres-";

/** Where the server keeps its data; every one of its command lines names it. */
export function dataFolder(folder: string): string {
  return join(folder, "data");
}
