import { readSize, SIZE_FORMS } from "../gates/size.ts";
import { choiceFields } from "../gateway/choice-fields.ts";
import { orderParameters, parameterSchema, typedParameter } from "../http/order-fields.ts";
import { Refusal } from "../refusals.ts";

/** What a column of a file of rows means. */
export type ColumnMeaning =
  | "id"
  | "prompt"
  | "parameter"
  | "choice"
  | "preset"
  | "references"
  | "mask"
  | "tag"
  /** What a vendor's stand-in does wrong, in the sandbox: for rehearsals of a run. */
  | "emulate"
  /** Told apart from a mistyped name only by whether a prompt names it. */
  | "other";

/** Of the answer to one call, or of our own object: a row asks for a picture. */
const NOT_OF_ROWS = ["prompt", "stream", "partial_images", "response_format", "spotmeter"];

const parameters = new Set(orderParameters.filter((name) => !NOT_OF_ROWS.includes(name)));
const choices = new Set(Object.keys(choiceFields));
const TAG = "tag:";
/** Named as the header by which the emulators are told. */
export const EMULATE = "x-emulate";

/** Every name that a column may have beside those that prompts name. */
export const columnNames: readonly string[] = [
  ...["id", "prompt", "preset", "references", "mask", `${TAG}NAME`],
  ...parameters,
  ...choices,
];

export function meaningOf(name: string): ColumnMeaning {
  switch (name) {
    case "id":
    case "prompt":
    case "preset":
    case "references":
    case "mask":
      return name;
    case EMULATE:
      return "emulate";
    default:
      if (parameters.has(name)) return "parameter";
      if (choices.has(name)) return "choice";
      return name.startsWith(TAG) && name.length > TAG.length ? "tag" : "other";
  }
}

/** The name of a tag that a column holds. */
export function tagName(column: string): string {
  return column.slice(TAG.length);
}

/** A value that a parameter or a choice can't have: said of its column. */
export class BadCell extends Error {
  override readonly name = "BadCell";
}

/**
 * The value of an order's parameter: typed where it is the text of a cell, checked either way.
 *
 * @throws BadCell
 */
export function parameterValue(name: string, cell: unknown): unknown {
  const value = typeof cell === "string" ? typedText(name, cell) : cell;
  if (name === "size" && typeof value === "string" && readSize(value) === undefined) {
    throw new BadCell(`${shown(value)}: must be one of ${SIZE_FORMS.join(", ")}`);
  }
  return checked(parameterSchema(name), value);
}

/**
 * The value of a word of the choice; in a table lists stand with semicolons between.
 *
 * @throws BadCell
 */
export function choiceValue(name: string, cell: unknown): unknown {
  const schema = choiceFields[name as keyof typeof choiceFields];
  if (typeof cell !== "string") return checked(schema, cell);
  if (cell === "true" || cell === "false") return checked(schema, cell === "true");
  const isList = name === "allow" || name === "deny" || name === "regions";
  return checked(schema, isList ? listed(cell) : cell);
}

/** The entries of a list in one cell. */
export function listed(cell: string): readonly string[] {
  return cell
    .split(";")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

function typedText(name: string, text: string): unknown {
  try {
    return typedParameter(name, text);
  } catch (cause) {
    if (cause instanceof Refusal) throw new BadCell(withoutName(name, cause.message), { cause });
    throw cause;
  }
}

/** The column is said beside every problem. */
function withoutName(name: string, message: string): string {
  return message.startsWith(`${name}=`) ? message.slice(name.length + 1) : message;
}

type Schema = {
  readonly safeParse: (value: unknown) => {
    readonly success: boolean;
    readonly error?: { readonly issues: readonly { readonly message: string }[] } | undefined;
  };
};

function checked(schema: Schema, value: unknown): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return value;
  throw new BadCell(`${shown(value)}: ${parsed.error?.issues[0]?.message ?? "not understood"}`);
}

/** A cell, short enough to be said back. */
export function shown(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? typeof value);
  const short = text.length <= 60 ? text : `${text.slice(0, 60)}…`;
  return short.replace(/\p{Cc}/gu, (control) => `\\u{${control.charCodeAt(0).toString(16)}}`);
}
