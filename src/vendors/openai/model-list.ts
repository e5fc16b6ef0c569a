import { z } from "zod";
import type { Connection, ModelList } from "../port.ts";
import { fetchModelPage } from "../wire/model-list.ts";

/** `shutdown_date`, optional: YYYY-MM-DD or null. OpenAI, deprecations page [spec], checked 2026-11-22. */
const page = z.object({
  data: z.array(z.object({ id: z.string(), shutdown_date: z.string().nullish() })),
});

/** Text and speech models stand in the same list; every image model's id so far names its family. */
const MAKES_IMAGES = /image|dall-e/;

/** `GET {baseUrl}/models`. The list may lag behind what is served (lobehub 19342 [seen], checked 2026-11-22). */
export async function listModels(
  { baseUrl, key }: Connection,
  signal: AbortSignal,
): Promise<ModelList> {
  const headers = { authorization: `Bearer ${key}` };
  const fetched = await fetchModelPage(`${baseUrl}/models`, headers, signal);
  if (fetched.kind === "failed") return fetched;
  const read = page.safeParse(fetched.body);
  if (!read.success) return { kind: "failed", why: `not a list: ${z.prettifyError(read.error)}` };
  const models = read.data.data
    .filter(({ id }) => MAKES_IMAGES.test(id))
    .map(({ id, shutdown_date: date }) => ({ id, shutdownDate: date ?? null }));
  return { kind: "listed", models };
}
