import { BrokenForm } from "./form-reader.ts";

/** What the head of a form's part says that counts here. */
export type PartHead = {
  readonly name: string;
  /** Without parameters, in lower case; undefined when it names none. */
  readonly type: string | undefined;
};

const LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/;
const PARAMETER = /[ \t]*;[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=("(?:[^"\\]|\\.)*"|[^\s;"]*)/y;
/** How bytes may be wrapped in a form: not at all (RFC 7578, 4.7). */
const ENCODINGS = ["7bit", "8bit", "binary"];
const CHARSETS = ["utf-8", "utf8", "us-ascii"];

/**
 * Reads the head of a part. A file name is of no account, nor is its type: what a part is its name says, and
 * what a picture is its bytes.
 *
 * @throws BrokenForm for a head that another reader might read otherwise.
 */
export function readPartHead(head: Buffer): PartHead {
  const lines = linesOf(head);
  const disposition = headerIn(lines, "content-disposition");
  const { value, parameters } = split(disposition ?? "");
  const name = parameters.get("name");
  if (value !== "form-data" || name === undefined || name === "") {
    throw new BrokenForm("a part has no name (content-disposition: form-data; name=…)");
  }
  const encoding = headerIn(lines, "content-transfer-encoding")?.toLowerCase();
  if (encoding !== undefined && !ENCODINGS.includes(encoding)) {
    throw new BrokenForm(`a part is sent as ${short(encoding)}; allowed: ${ENCODINGS.join(", ")}`);
  }
  const type = headerIn(lines, "content-type");
  return { name, type: type === undefined ? undefined : typeOf(type) };
}

function typeOf(text: string): string {
  const { value, parameters } = split(text);
  if (value.startsWith("multipart/")) throw new BrokenForm("a part is a form itself");
  const charset = parameters.get("charset")?.toLowerCase();
  if (value.startsWith("text/") && charset !== undefined && !CHARSETS.includes(charset)) {
    throw new BrokenForm(`a part is sent as charset=${short(charset)}; send UTF-8`);
  }
  return value;
}

/** The boundary that a content type names; undefined when it is none that a form may have. */
export function boundaryOf(contentType: string): string | undefined {
  const boundary = split(contentType).parameters.get("boundary");
  const isGood = boundary !== undefined && /^[!-~ ]{0,199}[!-~]$/.test(boundary);
  return isGood ? boundary : undefined;
}

type Lines = readonly (readonly [name: string, value: string])[];

function linesOf(head: Buffer): Lines {
  const text = utf8(head);
  if (text === "") return [];
  return text.split("\r\n").map((line) => {
    const [, name, value] = LINE.exec(line) ?? [];
    // Folded lines too: nobody sends them any more, and readers differ on them.
    if (name === undefined || value === undefined || /[\r\n\0]/.test(line)) {
      throw new BrokenForm("the head of a part holds a line that is no header");
    }
    return [name.toLowerCase(), value];
  });
}

function utf8(head: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(head);
  } catch (cause) {
    throw new BrokenForm("the head of a part is not UTF-8", { cause });
  }
}

function headerIn(lines: Lines, name: string): string | undefined {
  const found = lines.filter(([each]) => each === name);
  if (found.length > 1) throw new BrokenForm(`a part has two headers ${name}`);
  return found[0]?.[1];
}

/** A header's value in lower case, and its parameters; one that stands twice is refused. */
function split(text: string): {
  readonly value: string;
  readonly parameters: ReadonlyMap<string, string>;
} {
  const parameters = new Map<string, string>();
  const value = text.split(";", 1)[0] ?? "";
  PARAMETER.lastIndex = value.length;
  let end = value.length;
  for (let found = PARAMETER.exec(text); found !== null; found = PARAMETER.exec(text)) {
    const [, key = "", raw = ""] = found;
    end = PARAMETER.lastIndex;
    if (parameters.has(key.toLowerCase())) throw new BrokenForm(`two parameters ${short(key)}`);
    parameters.set(key.toLowerCase(), raw.startsWith('"') ? unquoted(raw) : raw);
  }
  if (/[^\s;]/.test(text.slice(end))) throw new BrokenForm("a header's parameters can't be read");
  return { value: value.trim().toLowerCase(), parameters };
}

/** Browsers write %22 for a quote and leave backslashes alone; others escape both. */
function unquoted(raw: string): string {
  return raw.slice(1, -1).replace(/\\(["\\])/g, "$1");
}

function short(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}
