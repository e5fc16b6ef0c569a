import { BadTemplate, type PromptTemplate, parseTemplate } from "./prompt-template.ts";

/** Names of a run's pictures: a template such as `{shop}/{id}-{view}.{ext}`, filled from the row. */
export type NameTemplate = {
  readonly text: string;
  readonly template: PromptTemplate;
  /** Columns of the file that it names. */
  readonly columns: readonly string[];
  /** Whether the pictures of one row have different names. */
  readonly tellsApart: boolean;
};

/** A row that gets no name of a file; says why. */
export class BadName extends Error {
  override readonly name = "BadName";
}

/** Known of every row: the other names are columns. */
const OWN = ["id", "index", "ext"];
/** Of one step of a path: what every file system takes, the extension and a temporary name's ending included. */
const STEP_BYTES_MAX = 200;
const PATH_CHARACTERS_MAX = 512;
/** What a path, a shell or Windows would read as something else. */
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}/\\:*?"<>|]+/gu;
/** Names of devices on Windows, with any extension. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;
const END = ".{ext}";
/** Stands for an extension where it isn't known yet. */
const ANY_EXTENSION = "ext";

/** @throws BadTemplate for a stray brace, a path out of the folder, or no `.{ext}` at the end. */
export function parseNameTemplate(text: string): NameTemplate {
  const template = parseTemplate(text);
  if (!text.endsWith(END) || text.indexOf("{ext}") < text.length - "{ext}".length) {
    throw new BadTemplate(`must end in ${END}, once: a picture's format is known when it is made`);
  }
  const literal = template.parts.map((part) => (part.kind === "text" ? part.text : "x")).join("");
  const steps = literal.split("/");
  const bad = steps.find((step) => step === "" || /^\.|[{}]/.test(step) || safe(step) !== step);
  if (bad !== undefined) {
    throw new BadTemplate(
      `${JSON.stringify(bad)} can't be a step of it: it is a path inside the folder, of names that every system takes`,
    );
  }
  const columns = template.columns.filter((name) => !OWN.includes(name));
  return { text, template, columns, tellsApart: template.columns.includes("index") };
}

/** What names are where nobody says otherwise: by the row's id, numbered where it makes several pictures. */
export const ONE_PICTURE = parseNameTemplate("{id}.{ext}");
export const SEVERAL_PICTURES = parseNameTemplate("{id}-{index}.{ext}");

/**
 * A row's name with `{index}` and `{ext}` still in it, made safe: every value is one piece of one step, and no value
 * can lead out of the folder.
 *
 * @param cell what the row says in a column.
 * @throws BadName
 */
export function nameOf(
  { template }: NameTemplate,
  id: string,
  cell: (column: string) => unknown,
): string {
  const filled = template.parts.map((part) => {
    if (part.kind === "text") return part.text;
    if (part.name === "index" || part.name === "ext") return `{${part.name}}`;
    const value = part.name === "id" ? id : cell(part.name);
    if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") {
      throw new BadName(`{${part.name}} of --name can't be filled: the row says nothing there`);
    }
    // Braces would be read as places of index and extension.
    return String(value).replaceAll(UNSAFE, "-").replaceAll(/[{}]/g, "-");
  });
  const name = filled.join("").normalize("NFC").split("/").map(safe).join("/");
  const tooLong = name.split("/").some((step) => Buffer.byteLength(step) > STEP_BYTES_MAX);
  if (tooLong || name.length > PATH_CHARACTERS_MAX) {
    throw new BadName(`its file's name would be longer than ${STEP_BYTES_MAX} bytes`);
  }
  return name;
}

/** The name of one picture of a row. */
export function pictureName(name: string, index: number, extension: string): string {
  return name.replaceAll("{index}", String(index)).replace(/\{ext\}$/, extension);
}

/** Two names with one key are one file where upper and lower case are the same, whatever their formats. */
export function collisionKey(name: string, index: number): string {
  return pictureName(name, index, ANY_EXTENSION).normalize("NFKC").toUpperCase().toLowerCase();
}

function safe(step: string): string {
  const plain = step
    .replaceAll(UNSAFE, "-")
    .replace(/^[. ]+/, "_")
    .replace(/[. ]+$/, "_");
  return RESERVED.test(plain) ? `_${plain}` : plain;
}
