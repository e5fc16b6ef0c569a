import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { S3Settings } from "../../src/results/s3-bucket.ts";
import { whyForbidden } from "./s3-signature.ts";

/**
 * An object store of this process, for tests: path-style, signed requests only, the answers and refusals of
 * S3's reference for what the gateway asks of it. Objects appear whole or not at all.
 */
export type S3StandIn = {
  readonly settings: S3Settings;
  /** Objects by bucket and key. */
  readonly objects: ReadonlyMap<string, StoredObject>;
  /** Uploads in parts that have neither been put together nor aborted. */
  readonly uploads: ReadonlyMap<string, Upload>;
  /** Method, path and status of every request so far. */
  readonly log: readonly string[];
  /** Puts something there as another client would. */
  readonly put: (name: string, bytes: Buffer) => void;
  readonly remove: (name: string) => void;
  /** The next requests that match are answered with this status. */
  readonly fail: (fault: Fault) => void;
  readonly close: () => Promise<void>;
};

export type StoredObject = {
  readonly bytes: Buffer;
  readonly headers: Readonly<Record<string, string>>;
};
type Upload = { readonly name: string; readonly parts: Map<number, Buffer> };
type Fault = { readonly matches: RegExp; readonly status: number; times: number };
type Call = {
  readonly name: string;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  readonly body: Buffer;
};
type Said = {
  readonly status: number;
  readonly body?: Buffer | string;
  readonly headers?: Readonly<Record<string, string>>;
};

const PART_BYTES_MIN = 5 * 1024 * 1024;
const KEPT_HEADERS = ["content-type", "cache-control"];

export async function startS3(): Promise<S3StandIn> {
  const objects = new Map<string, StoredObject>();
  const uploads = new Map<string, Upload>();
  const log: string[] = [];
  const faults: Fault[] = [];
  const keys = {
    region: "test-1",
    accessKeyId: "AKTEST",
    secretAccessKey: "a secret / of + tests",
  };
  const server = createServer(async (request, response) => {
    const body = await bytesOf(request).catch(() => undefined);
    if (body === undefined) return; // broken off: nothing came of it
    const url = new URL(request.url ?? "", "http://localhost");
    const call = {
      name: decodeURIComponent(url.pathname.slice(1)),
      query: url.searchParams,
      request,
      body,
    };
    const line = `${request.method} ${call.name}${url.search}`;
    const fault = faults.find((each) => each.times > 0 && each.matches.test(line));
    if (fault !== undefined) fault.times -= 1;
    const forbidden = whyForbidden(request, body, keys);
    const said =
      fault !== undefined
        ? refused(fault.status, "SlowDown")
        : forbidden === undefined
          ? answer(call, objects, uploads)
          : refused(403, forbidden);
    log.push(`${line} ${said.status}`);
    send(request, response, said);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    settings: { endpoint: `http://127.0.0.1:${port}`, ...keys },
    objects,
    uploads,
    log,
    put: (name, bytes) => objects.set(name, { bytes, headers: {} }),
    remove: (name) => objects.delete(name),
    fail: (fault) => faults.push({ ...fault }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type Objects = Map<string, StoredObject>;
type Uploads = Map<string, Upload>;

function answer(call: Call, objects: Objects, uploads: Uploads): Said {
  const { query, request, name } = call;
  const isBucket = !name.includes("/");
  switch (request.method) {
    case "PUT":
      return query.has("partNumber") ? putPart(call, uploads) : putObject(call, objects);
    case "POST":
      return query.has("uploads") ? begin(call, uploads) : complete(call, objects, uploads);
    case "DELETE":
      return remove(call, objects, uploads);
    // Node leaves the body of its answer out.
    case "HEAD":
      return get(call, objects);
    case "GET":
      if (isBucket && query.has("uploads")) return listUploads(call, uploads);
      return isBucket ? list(call, objects) : get(call, objects);
    default:
      return refused(405, "MethodNotAllowed");
  }
}

function remove({ name, query }: Call, objects: Objects, uploads: Uploads): Said {
  const uploadId = query.get("uploadId");
  if (uploadId !== null) return uploads.delete(uploadId) ? { status: 204 } : noUpload;
  objects.delete(name);
  return { status: 204 };
}

const noUpload = refused(404, "NoSuchUpload");

function putObject({ name, request, body }: Call, objects: Objects): Said {
  if (request.headers["content-length"] === undefined) return refused(411, "MissingContentLength");
  if (request.headers["if-none-match"] === "*" && objects.has(name)) {
    return refused(412, "PreconditionFailed");
  }
  const headers = KEPT_HEADERS.flatMap((header) => {
    const value = request.headers[header];
    return typeof value === "string" ? [[header, value]] : [];
  });
  objects.set(name, { bytes: body, headers: Object.fromEntries(headers) });
  return { status: 200, headers: { etag: etagOf(body) } };
}

function begin({ name }: Call, uploads: Uploads): Said {
  const id = `upload-${uploads.size + 1}-${Date.now()}`;
  uploads.set(id, { name, parts: new Map() });
  const xml = `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`;
  return { status: 200, body: xml };
}

function putPart({ query, body }: Call, uploads: Uploads): Said {
  const upload = uploads.get(query.get("uploadId") ?? "");
  if (upload === undefined) return noUpload;
  upload.parts.set(Number(query.get("partNumber")), body);
  return { status: 200, headers: { etag: etagOf(body) } };
}

function complete({ query, name, body }: Call, objects: Objects, uploads: Uploads): Said {
  const id = query.get("uploadId") ?? "";
  const upload = uploads.get(id);
  if (upload === undefined || upload.name !== name) return noUpload;
  const named = [
    ...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>(.+?)<\/ETag>/g),
  ];
  const parts = named.map(([, number]) => upload.parts.get(Number(number)) ?? Buffer.alloc(0));
  const right = named.every(
    ([, , etag], index) => etag?.replaceAll("&quot;", '"') === etagOf(parts[index] ?? body),
  );
  if (named.length === 0 || !right) return refused(400, "InvalidPart");
  if (parts.slice(0, -1).some((part) => part.length < PART_BYTES_MIN)) {
    // As the real one may: it had begun to answer.
    return { status: 200, body: "<Error><Code>EntityTooSmall</Code></Error>" };
  }
  uploads.delete(id);
  objects.set(name, { bytes: Buffer.concat(parts), headers: {} });
  return { status: 200, body: "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>" };
}

function get({ name, request }: Call, objects: Objects): Said {
  const found = objects.get(name);
  if (found === undefined) return refused(404, "NoSuchKey");
  const { bytes } = found;
  const range = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "");
  if (range === null) return { status: 200, body: bytes, headers: found.headers };
  const [, from = "", to = ""] = range;
  const start = from === "" ? Math.max(0, bytes.length - Number(to)) : Number(from);
  const end = from === "" || to === "" ? bytes.length - 1 : Math.min(Number(to), bytes.length - 1);
  if (start > end) return refused(416, "InvalidRange");
  return {
    status: 206,
    body: bytes.subarray(start, end + 1),
    headers: { ...found.headers, "content-range": `bytes ${start}-${end}/${bytes.length}` },
  };
}

function list({ name: bucket, query }: Call, objects: Objects): Said {
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter");
  const most = Number(query.get("max-keys") ?? "1000");
  const after = query.get("continuation-token") ?? "";
  const keys = [...objects.keys()]
    .filter((name) => name.startsWith(`${bucket}/${prefix}`))
    .map((name) => name.slice(bucket.length + 1))
    .filter((key) => key > after)
    .sort();
  const groups = new Set<string>();
  const alone = keys.filter((key) => {
    const at = delimiter === null ? -1 : key.indexOf(delimiter, prefix.length);
    if (at >= 0) groups.add(key.slice(0, at + 1));
    return at < 0;
  });
  const listed = alone.slice(0, most);
  const contents = listed.map((key) => {
    const size = objects.get(`${bucket}/${key}`)?.bytes.length ?? 0;
    return `<Contents><Key>${xml(key)}</Key><Size>${size}</Size></Contents>`;
  });
  const next =
    listed.length < alone.length
      ? `<NextContinuationToken>${xml(listed.at(-1) ?? "")}</NextContinuationToken>`
      : "";
  const common = [...groups].map(
    (group) => `<CommonPrefixes><Prefix>${xml(group)}</Prefix></CommonPrefixes>`,
  );
  const body = `<ListBucketResult><Prefix>${xml(prefix)}</Prefix>${next}${contents.join("")}${common.join("")}</ListBucketResult>`;
  return { status: 200, body };
}

function listUploads({ name: bucket, query }: Call, uploads: Uploads): Said {
  const prefix = `${bucket}/${query.get("prefix") ?? ""}`;
  const found = [...uploads].filter(([, { name }]) => name.startsWith(prefix));
  const items = found.map(
    ([id, { name }]) =>
      `<Upload><Key>${xml(name.slice(bucket.length + 1))}</Key><UploadId>${id}</UploadId></Upload>`,
  );
  const body = `<ListMultipartUploadsResult>${items.join("")}</ListMultipartUploadsResult>`;
  return { status: 200, body };
}

function refused(status: number, code: string): Said {
  return { status, body: `<Error><Code>${code}</Code></Error>` };
}

function send(request: IncomingMessage, response: ServerResponse, said: Said): void {
  const body = Buffer.from(said.body ?? "");
  response.writeHead(said.status, { ...said.headers, "content-length": body.length });
  response.end(request.method === "HEAD" ? undefined : body);
}

function etagOf(bytes: Buffer): string {
  return `"${createHash("md5").update(bytes).digest("hex")}"`;
}

function xml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
