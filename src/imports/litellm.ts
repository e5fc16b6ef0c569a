import {
  bad,
  countOrNull,
  day,
  dollars,
  fieldAt,
  reading,
  sizeOrNull,
  text,
  textOrNull,
} from "./fields.ts";
import { isFields } from "./json-records.ts";
import type { Fields, SourceRecord, UsageFound, UsageReader } from "./port.ts";

/**
 * Rows of a LiteLLM proxy's table `LiteLLM_SpendLogs`: as `GET /spend/logs` answers them (JSON), or as a
 * database writes the table out (JSON lines or CSV). One row a request.
 *
 * Names and types of the columns: litellm/proxy/schema.prisma, commit 0010143f [spec], read 2026-11-26.
 * `spend` is what the proxy computed, not what the vendor billed; issues 31142 and 13847 of BerriAI/litellm tell
 * of pictures rated at text rates [third]: such dollars are explained by no tier and left out.
 * Size, quality and n stand in `proxy_server_request` only where the proxy keeps requests
 * (`store_prompts_in_spend_logs`, docs.litellm.ai/docs/proxy/ui_logs, 2026-10-10 [spec]); that it is the body as
 * the caller sent it is our reading of that page [guess].
 */
export const litellmReader: UsageReader = {
  id: "litellm",
  forms: ["rows", "table"],
  known: [
    ...["request_id", "call_type", "api_key", "spend", "total_tokens", "prompt_tokens"],
    ...["completion_tokens", "startTime", "endTime", "request_duration_ms", "completionStartTime"],
    ...["model", "model_id", "model_group", "custom_llm_provider", "api_base", "user", "metadata"],
    ...["cache_hit", "cache_key", "request_tags", "team_id", "organization_id", "end_user"],
    ...["requester_ip_address", "messages", "response", "session_id", "status"],
    ...["mcp_namespaced_tool_name", "agent_id", "proxy_server_request"],
  ],
  required: ["call_type", "spend", "startTime", "model"],
  read: async function* (records) {
    for await (const record of records) yield reading(record, () => found(record));
  },
};

/**
 * `call_type` of calls that make pictures from text. Source: `CallTypes` as tests of BerriAI/litellm use them
 * (`aimage_generation`) [third], 2026-11-26; the spellings of edits follow the same pattern [guess].
 */
const GENERATIONS = ["image_generation", "aimage_generation"];
const EDITS = ["image_edit", "aimage_edit", "image_variation", "aimage_variation"];

function found({ fields }: SourceRecord): UsageFound {
  const cost = dollars(fields, "spend");
  const callType = text(fields, "call_type");
  const asked = requestOf(fields);
  const images = countOrNull(asked, "n", 1);
  const leftOut = (reason: "not_images" | "failed" | "cached" | "edits"): UsageFound => ({
    kind: "left_out",
    reason,
    images,
    dollars: cost,
  });
  if (EDITS.includes(callType)) return leftOut("edits");
  if (!GENERATIONS.includes(callType)) return leftOut("not_images");
  if (textOrNull(fields, "status") === "failure") return leftOut("failed");
  if (/^true$/i.test(String(fieldAt(fields, "cache_hit") ?? ""))) return leftOut("cached");
  const part = {
    day: day(fields, "startTime"),
    model: text(fields, "model"),
    key: textOrNull(fields, "api_key"),
    requests: 1,
    // A request that is kept and names no number asked for one.
    images: images ?? (Object.keys(asked).length === 0 ? null : 1),
    size: sizeOrNull(asked, "size"),
    quality: qualityOf(asked),
    // Zero is the table's default: a vendor that counts no tokens leaves it.
    promptTokens: countOrNull(fields, "prompt_tokens", 0) || null,
    outputTokens: null,
  };
  return { kind: "usage", parts: [part], dollars: cost, outputDollars: null };
}

function qualityOf(asked: Fields): string | null {
  const quality = textOrNull(asked, "quality");
  return quality === "auto" ? null : quality;
}

/** What the caller asked, where the proxy keeps it; in a CSV it is JSON in a cell. */
function requestOf(fields: Fields): Fields {
  const field = fieldAt(fields, "proxy_server_request");
  if (isFields(field)) return scalars(field);
  const written = textOrNull(fields, "proxy_server_request");
  if (written === null) return {};
  try {
    const read: unknown = JSON.parse(written);
    if (typeof read === "object" && read !== null && !Array.isArray(read)) {
      return scalars(Object.fromEntries(Object.entries(read)));
    }
  } catch {
    // Not JSON: named below.
  }
  return bad("proxy_server_request", written, "a JSON object");
}

/** The three parameters that matter, as text. */
function scalars(asked: { readonly [name: string]: unknown }): Fields {
  const names = ["n", "size", "quality", "model", "prompt"];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = asked[name];
      return value === undefined || value === null ? [] : [[name, String(value)]];
    }),
  );
}
