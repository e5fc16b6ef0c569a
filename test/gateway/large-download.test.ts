import { describe, expect, it } from "vitest";
import { downloadImage } from "../../src/vendors/wire/download.ts";
import { serve } from "../core/vendor-bench.ts";

const PICTURE = Buffer.alloc(3_600_000, 7);

describe("a picture of 3.6 MB by URL", () => {
  // A reader that paused on the empty chunk with which undici 8 resumes once went round for ever: 4 GB of
  // heap and a minute of CPU before the process died (2026-11-22).
  it.each(["keep-alive", "close"])(
    "arrives whole 40 times, four at a time, over %s",
    async (connection) => {
      await using server = await serve((_request, response) => {
        response.writeHead(200, { "content-type": "image/png", connection });
        response.end(PICTURE);
      });
      const one = async (): Promise<void> => {
        const signal = AbortSignal.timeout(20_000);
        const download = await downloadImage(server.origin, { signal, loopbackAllowed: true });
        if (download.kind !== "fetched") throw new Error(download.why);
        let characters = 0;
        for await (const piece of download.base64) characters += piece.length;
        download.dispose();
        expect(characters).toBe(4_800_000);
      };
      for (let round = 0; round < 10; round += 1) await Promise.all([one(), one(), one(), one()]);
    },
  );
});
