import { shown } from "./columns.ts";
import {
  BadName,
  collisionKey,
  type NameTemplate,
  nameOf,
  ONE_PICTURE,
  SEVERAL_PICTURES,
} from "./file-names.ts";
import type { RunRow } from "./read-rows.ts";
import type { Examined } from "./rows-file.ts";

/** Names that are compared with all others; a file with more pictures than this needs a run of its own. */
const NAMES_MAX = 5_000_000;

/** The names of all pictures so far: no two are one file. */
export class PictureNames {
  readonly #template: NameTemplate | undefined;
  readonly #lineOf = new Map<string, number>();

  /** @param template undefined takes the row's id. */
  constructor(template: NameTemplate | undefined) {
    this.#template = template;
  }

  /** The name of a row's pictures, with places of index and extension; what hinders it is a problem of the row. */
  of({ id, line, cells, shape }: RunRow, { problems, lacks }: Examined): string | undefined {
    const { n } = shape.order;
    const template = this.#template ?? (n === 1 ? ONE_PICTURE : SEVERAL_PICTURES);
    if (n > 1 && !template.tellsApart) {
      problems.add(line, "n", `${n} pictures, but --name ${template.text} has no {index}`);
      return undefined;
    }
    if (template.columns.some(lacks)) return undefined;
    try {
      const name = nameOf(template, id, (column) => cells.get(column));
      const earlier = this.#take(name, n, line);
      if (earlier === undefined) return name;
      const message = `its picture ${shown(name)} is line ${earlier}'s: --name can tell them apart`;
      problems.add(line, null, message);
    } catch (cause) {
      if (!(cause instanceof BadName)) throw cause;
      problems.add(line, null, cause.message);
    }
    return undefined;
  }

  /** @returns the line that has one of these names already. */
  #take(name: string, n: number, line: number): number | undefined {
    for (let index = 0; index < n; index += 1) {
      const key = collisionKey(name, index);
      const earlier = this.#lineOf.get(key);
      if (earlier !== undefined) return earlier;
      if (this.#lineOf.size >= NAMES_MAX) {
        throw new RangeError(`more than ${NAMES_MAX} pictures: make several runs of it`);
      }
      this.#lineOf.set(key, line);
    }
    return undefined;
  }
}
