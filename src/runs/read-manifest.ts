import { decodeStream } from "../text/decode-stream.ts";
import { Problems } from "./problems.ts";
import { type FileRecord, recordReader } from "./records.ts";
import { BadRows, bytesOf, type ReadingProgress } from "./rows-file.ts";

/** Which picture of which receipt a file of a run holds. */
export type ManifestPicture = {
  readonly receipt: string;
  /** Its place among the delivered pictures of its receipt, from 0. */
  readonly index: number;
};

/** The pictures that a run made, by the names of their files and by the ids of their rows. */
export type Manifest = {
  readonly byFile: ReadonlyMap<string, ManifestPicture>;
  /** A row that made no picture has none. */
  readonly byId: ReadonlyMap<string, readonly ManifestPicture[]>;
};

/**
 * Reads the manifest of a run: JSON lines of which `id`, `file`, `receipt` and `index` are looked at. Lines
 * without a receipt are rows that made nothing.
 *
 * @throws BadRows with all that is wrong with it; UnreadableFile.
 */
export async function readManifest(file: string, progress: ReadingProgress): Promise<Manifest> {
  const problems = new Problems();
  const byFile = new Map<string, ManifestPicture>();
  const byId = new Map<string, ManifestPicture[]>();
  const take = (records: readonly FileRecord[]): void => {
    for (const record of records) takeLine(record, { byFile, byId, problems });
  };
  const reader = recordReader("jsonl", "", problems);
  for await (const text of decodeStream(await bytesOf(file, progress))) take(reader.push(text));
  take(reader.end());
  if (problems.count > 0) throw new BadRows(file, problems);
  return { byFile, byId };
}

function takeLine(
  { line, cells }: FileRecord,
  to: {
    readonly byFile: Map<string, ManifestPicture>;
    readonly byId: Map<string, ManifestPicture[]>;
    readonly problems: Problems;
  },
): void {
  const { byFile, byId, problems } = to;
  const id = cells.get("id");
  if (typeof id !== "string") {
    problems.add(line, "id", "is missing: a manifest names the row of each picture");
    return;
  }
  const pictures = byId.get(id) ?? [];
  byId.set(id, pictures);
  const receipt = cells.get("receipt");
  if (receipt === undefined) return;
  const index = cells.get("index") ?? 0;
  if (typeof receipt !== "string") problems.add(line, "receipt", "must be a text");
  else if (typeof index !== "number" || !Number.isInteger(index) || index < 0) {
    problems.add(line, "index", "must be a whole number, 0 for the first picture");
  } else {
    const picture = { receipt, index };
    pictures.push(picture);
    const file = cells.get("file");
    if (typeof file === "string") byFile.set(file, picture);
  }
}
