import { registrations } from "./registry.ts";

/**
 * Where pictures and errors of vendors come from: hosts that a gateway's clients should never be shown, each with
 * everything below it. Those of the vendors' own addresses are added from the registry.
 *
 * Sources, checked 2026-11-22: docs/vendors/openai.md (DALL·E's `url`, platform links in errors), google.md (Files
 * API, Cloud Storage), alibaba.md (results on OSS), byteplus.md (results on TOS); and the public names of the
 * object stores that gateways put pictures into.
 */
const PUBLIC_HOSTS: readonly string[] = [
  "openai.com",
  "oaiusercontent.com",
  "blob.core.windows.net",
  "googleapis.com",
  "ai.google.dev",
  "googleusercontent.com",
  "aliyuncs.com",
  "alibabacloud.com",
  "bytepluses.com",
  "byteplus.com",
  "volces.com",
  "amazonaws.com",
  "r2.cloudflarestorage.com",
  "r2.dev",
  "digitaloceanspaces.com",
  "backblazeb2.com",
];

/** All of them, lower case. */
export function publicHosts(): readonly string[] {
  const own = registrations.map(({ liveBaseUrl }) => new URL(liveBaseUrl).hostname);
  return [...new Set([...PUBLIC_HOSTS, ...own])];
}
