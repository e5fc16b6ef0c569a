import { z } from "zod";
import { nameOf, ONE_PICTURE, SEVERAL_PICTURES } from "../../runs/file-names.ts";
import { Misuse } from "../failures.ts";
import { FILES, type RunPlace } from "./place.ts";

const schema = z.object({
  object: z.literal("spotmeter.run"),
  format: z.literal(1),
  run: z.string(),
  /** Runs of the sandbox and live ones never mix. */
  world: z.enum(["sandbox", "live"]),
  /** Of the rows, as it was given; it may have moved since. */
  file: z.string(),
});

/** What `run.json` says: which run a place belongs to. */
export type RunFolder = z.infer<typeof schema>;

/** @throws Misuse for a file that is none of ours. */
export function readRunFolder(out: string, text: string | undefined): RunFolder | undefined {
  if (text === undefined) return undefined;
  const parsed = schema.safeParse(parse(text));
  if (parsed.success) return parsed.data;
  throw new Misuse(`${out}/${FILES.run}: not the file of a run; give another --out`);
}

export async function writeRunFolder(
  place: RunPlace,
  folder: Omit<RunFolder, "object" | "format">,
): Promise<void> {
  const whole: RunFolder = { object: "spotmeter.run", format: 1, ...folder };
  await place.writeText(FILES.run, `${JSON.stringify(whole, null, 2)}\n`);
}

/** The names of a run's files, by the ids of its rows and in their order, with places of index and extension. */
export type RunNames = {
  readonly of: (id: string, images: number) => string;
  /** Where a row stands in the file. */
  readonly order: ReadonlyMap<string, number>;
};

const nameLine = z.object({ id: z.string(), file: z.string() });

export function namesOf(names: ReadonlyMap<string, string>): RunNames {
  const order = new Map([...names.keys()].map((id, place) => [id, place]));
  return { of: (id, images) => names.get(id) ?? plainName(id, images), order };
}

/** What a row's pictures are called where nobody remembers: by its id. */
function plainName(id: string, images: number): string {
  return nameOf(images > 1 ? SEVERAL_PICTURES : ONE_PICTURE, id, () => undefined);
}

export async function writeNames(
  place: RunPlace,
  names: ReadonlyMap<string, string>,
): Promise<void> {
  const lines = [...names].map(([id, file]) => `${JSON.stringify({ id, file })}\n`);
  await place.writeText(FILES.names, lines.join(""));
}

export async function readNames(place: RunPlace): Promise<RunNames> {
  const text = (await place.readText(FILES.names)) ?? "";
  const lines = text.split("\n").flatMap((line) => nameLine.safeParse(parse(line)).data ?? []);
  return namesOf(new Map(lines.map(({ id, file }) => [id, file])));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema then says that there is no object
  }
}
