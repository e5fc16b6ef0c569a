import { z } from "zod";
import type { Connection, ListedModel, ModelList } from "../port.ts";
import { fetchModelPage } from "../wire/model-list.ts";

/**
 * `models.list`: names begin with `models/`; more pages follow while there is a token.
 * Source: https://ai.google.dev/api/models [spec], checked 2026-11-26.
 */
const page = z.object({
  models: z.array(z.object({ name: z.string() })).default([]),
  nextPageToken: z.string().optional(),
});

/** The most that a page may hold, by the same source. */
const PAGE_SIZE = 1_000;
const PAGES_MAX = 20;

/** `gemini-nano-banana-2.1` has no "image" in its id (third, several gateways, checked 2026-11-22). */
const MAKES_IMAGES = /image|banana/;

/** `GET {baseUrl}/v1beta/models`, page by page. It tells no end of life. */
export async function listModels(
  { baseUrl, key }: Connection,
  signal: AbortSignal,
): Promise<ModelList> {
  const models: ListedModel[] = [];
  let token: string | undefined;
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const query = new URLSearchParams({
      pageSize: String(PAGE_SIZE),
      ...(token === undefined ? {} : { pageToken: token }),
    });
    const url = `${baseUrl}/v1beta/models?${query}`;
    const fetched = await fetchModelPage(url, { "x-goog-api-key": key }, signal);
    if (fetched.kind === "failed") return fetched;
    const read = page.safeParse(fetched.body);
    if (!read.success) return { kind: "failed", why: `not a list: ${z.prettifyError(read.error)}` };
    for (const { name } of read.data.models) {
      const id = name.replace(/^models\//, "");
      if (MAKES_IMAGES.test(id)) models.push({ id, shutdownDate: undefined });
    }
    token = read.data.nextPageToken;
    if (token === undefined || token === "") return { kind: "listed", models };
  }
  return { kind: "failed", why: `more than ${PAGES_MAX} pages` };
}
