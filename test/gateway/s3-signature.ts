import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";

/**
 * Checks a request's signature as AWS describes it ("Signature Version 4 signing process", signed payload, path
 * not encoded twice), from the raw request alone: nothing of the client's signer is used.
 */

export type S3Keys = {
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
};

const HEADER =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/;
/** The clock of client and store may differ by so much. */
const SKEW_MS_MAX = 15 * 60_000;

/** Why a request is not let in; undefined when it is. */
export function whyForbidden(
  request: IncomingMessage,
  body: Buffer,
  keys: S3Keys,
): string | undefined {
  const parts = HEADER.exec(request.headers.authorization ?? "");
  if (parts === null) return "MissingSecurityHeader";
  const [, id, day = "", region, names = "", signature] = parts;
  const time = String(request.headers["x-amz-date"]);
  const payload = String(request.headers["x-amz-content-sha256"]);
  if (id !== keys.accessKeyId) return "InvalidAccessKeyId";
  if (region !== keys.region || !time.startsWith(day)) return "AuthorizationHeaderMalformed";
  if (Math.abs(Date.now() - instantOf(time)) > SKEW_MS_MAX) return "RequestTimeTooSkewed";
  if (payload !== sha256(body)) return "XAmzContentSHA256Mismatch";
  const signed = names.split(";");
  const needed = Object.keys(request.headers).filter((name) => name.startsWith("x-amz-"));
  if (![...needed, "host"].every((name) => signed.includes(name))) return "AccessDenied";
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", time, scope, sha256(canonical(request, signed, payload))];
  const key = ["aws4_request", "s3", keys.region, day].reduceRight<Buffer | string>(
    (secret, part) => createHmac("sha256", secret).update(part).digest(),
    `AWS4${keys.secretAccessKey}`,
  );
  const right = createHmac("sha256", key).update(text.join("\n")).digest("hex");
  return right === signature ? undefined : "SignatureDoesNotMatch";
}

function canonical(request: IncomingMessage, signed: readonly string[], payload: string): string {
  const [path = "", query = ""] = (request.url ?? "").split("?");
  const pairs = query === "" ? [] : query.split("&").map((pair) => withValue(pair));
  const headers = signed.map(
    (name) => `${name}:${String(request.headers[name]).trim().replace(/ +/g, " ")}\n`,
  );
  return [
    request.method,
    encoded(decodeURIComponent(path)).replaceAll("%2F", "/"),
    pairs.sort().join("&"),
    headers.join(""),
    signed.join(";"),
    payload,
  ].join("\n");
}

function withValue(pair: string): string {
  const [name = "", value = ""] = pair.split("=");
  const plain = (text: string) => encoded(decodeURIComponent(text.replaceAll("+", " ")));
  return `${plain(name)}=${plain(value)}`;
}

/** All but unreserved characters, as RFC 3986 names them. */
function encoded(text: string): string {
  return [...Buffer.from(text, "utf8")]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      if (/[A-Za-z0-9\-._~]/.test(character)) return character;
      return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");
}

function instantOf(time: string): number {
  const form = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;
  return Date.parse(time.replace(form, "$1-$2-$3T$4:$5:$6Z"));
}

function sha256(bytes: Buffer | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}
