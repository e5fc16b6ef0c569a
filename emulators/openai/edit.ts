import type { Answer } from "../answer.ts";
import { cutLongText } from "../call-log.ts";
import type { Exchange } from "../exchange.ts";
import { isObject, type JsonObject } from "../json.ts";
import { modelNotFound, refuseParameter } from "./errors.ts";
import { choiceField, field } from "./fields.ts";
import { generateImages } from "./generate.ts";
import { findGptImageModel, type GptImageModel } from "./models.ts";
import { readGptImageOrder } from "./order.ts";
import {
  checkJsonMask,
  checkMask,
  editTextTokens,
  missingImage,
  readJsonReferences,
  readUpload,
  referenceTokens,
  refuseTooMany,
  type Upload,
} from "./references.ts";
import type { Size } from "./sizes.ts";

/** The spec's own default for edits (openai.md §2.2). */
const MODEL_DEFAULT = "gpt-image-1.5";

/** `POST /v1/images/edits`, JSON or multipart: openai.md §2.2. DALL·E edits are not served. */
export async function editImages(exchange: Exchange): Promise<Answer> {
  const type = exchange.headers["content-type"] ?? "";
  const form = type.startsWith("multipart/") ? await readForm(exchange, type) : undefined;
  if (form !== undefined) exchange.call.body = cutLongText(form.forLog);
  const body = form?.fields ?? exchange.json;
  if (!isObject(body)) throw refuseParameter("invalid_json", "body", "Could not parse the body.");
  const id = field(body, "model") ?? MODEL_DEFAULT;
  exchange.call.model = String(id);
  const model = findGptImageModel(String(id));
  if (model === undefined) return modelNotFound(String(id));
  const references = form === undefined ? readJsonInputs(body) : readFormInputs(form);
  const own = form === undefined ? ["images", "mask"] : [];
  // `moderation` is not listed for multipart edits: refused as unknown [guess].
  if (form !== undefined && field(body, "moderation") !== undefined) {
    throw refuseParameter("unknown_parameter", "moderation", "Unknown parameter: 'moderation'.");
  }
  const highFidelity = readFidelity(body, model);
  const sized = form === undefined ? body : { size: "1024x1024", ...body };
  const order = readGptImageOrder(sized, model, [...own, "input_fidelity"]);
  return generateImages(exchange, order, {
    operation: "image_edit",
    editTextTokens: editTextTokens(model, references.length),
    referenceTokens: referenceTokens(model, references, highFidelity),
  });
}

function readJsonInputs(body: JsonObject): Size[] {
  const references = readJsonReferences(body);
  checkJsonMask(body, references[0]);
  return references;
}

function readFormInputs(form: Form): Size[] {
  if (form.images.length === 0) throw missingImage("image");
  refuseTooMany(form.images.length, "image");
  const references = form.images.map((upload) => readUpload(upload, "image"));
  if (form.mask !== undefined) checkMask(form.mask, references[0]);
  return references;
}

/** On 1 and 1.5 only; gpt-image-2 works at high fidelity anyway, its refusal's wording is [guess] (openai.md §2.2). */
function readFidelity(body: JsonObject, model: GptImageModel): boolean {
  if (field(body, "input_fidelity") !== undefined && model.highFidelityImages === 0) {
    throw refuseParameter(
      "invalid_value",
      "input_fidelity",
      `The model '${model.id}' does not support the 'input_fidelity' parameter.`,
    );
  }
  return choiceField(body, "input_fidelity", ["high", "low"], "low") === "high";
}

type Form = {
  readonly fields: JsonObject;
  readonly images: readonly Upload[];
  readonly mask: Upload | undefined;
  readonly forLog: JsonObject;
};

/** Numbers and booleans are text in a form; files may come before or after the fields. */
async function readForm(exchange: Exchange, contentType: string): Promise<Form> {
  const parts = await parseForm(exchange.body, contentType);
  const fields: Record<string, unknown> = {};
  const forLog: Record<string, unknown> = {};
  const images: Upload[] = [];
  let mask: Upload | undefined;
  for (const [name, value] of parts) {
    if (typeof value === "string") {
      fields[name] = plainValue(name, value);
      forLog[name] = fields[name];
      continue;
    }
    const upload = { type: value.type, bytes: Buffer.from(await value.arrayBuffer()) };
    forLog[`${name}#${images.length}`] = `${value.type}, ${upload.bytes.byteLength} bytes`;
    if (name === "mask") mask = upload;
    else if (name === "image[]") images.push(upload);
    else if (name === "image" && images.length === 0) images.push(upload);
    else if (name === "image") throw duplicateImage();
    else throw refuseParameter("unknown_parameter", name, `Unknown parameter: '${name}'.`);
  }
  return { fields, images, mask, forLog };
}

async function parseForm(body: Buffer, contentType: string): Promise<FormData> {
  try {
    const headers = { "content-type": contentType };
    return await new Response(new Uint8Array(body), { headers }).formData();
  } catch {
    // A form without its boundary, or cut; the vendor's words for it are not recorded.
    throw refuseParameter("invalid_form", "body", "Could not parse multipart form.");
  }
}

/** Several files go under `image[]`; several under `image` are refused [guess] (openai.md §10.18). */
function duplicateImage(): Error {
  return refuseParameter(
    "duplicate_parameter",
    "image",
    "Duplicate parameter: 'image'. You provided multiple values for this parameter, whereas only one is allowed. If you are trying to provide a list of values, use the array syntax instead e.g. 'image[]=<value>'.",
  );
}

function plainValue(name: string, text: string): unknown {
  const isNumber = ["n", "output_compression", "partial_images"].includes(name);
  if (isNumber && /^-?\d{1,9}$/.test(text)) return Number(text);
  if (name === "stream" && (text === "true" || text === "false")) return text === "true";
  return text;
}
