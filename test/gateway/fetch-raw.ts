import { createHash } from "node:crypto";
import { request as httpRequest } from "node:http";

/** A raw answer with bytes for a body. */
export type Fetched = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
};

/** Asks for a URL as it stands: nothing in it is tidied up on the way. */
export function fetchRaw(
  url: string,
  init: {
    readonly method?: string;
    readonly headers?: Record<string, string>;
    readonly path?: string;
  } = {},
): Promise<Fetched> {
  const { hostname, port, pathname, search } = new URL(url);
  const { method = "GET", headers = {}, path = `${pathname}${search}` } = init;
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { hostname, port, path, method, headers, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            bytes: Buffer.concat(chunks),
          }),
        );
      },
    );
    request.on("error", reject);
    request.end();
  });
}

export function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
