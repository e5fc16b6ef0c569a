import { isObject } from "../../json.ts";
import { Refusal } from "../../refusals.ts";
import { joined, shown } from "./camel-case.ts";
import type { ContentBody } from "./content-body.ts";
import { CHOICE_PARAMETERS, CONTRACT_FIELDS, OWN_PARAMETERS } from "./field-names.ts";

/** Where a picture of a request is. */
export type PictureAt = {
  /** In the request, as errors name it. */
  readonly path: string;
  /** Of a picture elsewhere; undefined where its bytes came along. */
  readonly url: string | undefined;
};

/** What a request asks for, by the names of the images routes. */
export type ContentAsked = {
  readonly parameters: Readonly<Record<string, unknown>>;
  /** In their order. */
  readonly pictures: readonly PictureAt[];
};

/**
 * An images order in the words of the images routes. The texts of the turn are the prompt, each on a line of its
 * own.
 *
 * @param model as the path names it.
 * @throws Refusal naming the field.
 */
export function contentOrder(body: ContentBody, model: string): ContentAsked {
  checkModel(body.model, model);
  const { candidateCount, seed, imageConfig = {} } = body.generationConfig ?? {};
  const { texts, pictures } = readParts(body);
  if (texts.length === 0) {
    const message = "contents: a prompt is required, as a part of text";
    throw new Refusal("missing_parameter", message, { param: "contents" });
  }
  const parameters = {
    ...ownParameters(body.spotmeter ?? {}),
    model,
    prompt: texts.join("\n"),
    n: candidateCount,
    seed,
    aspect_ratio: imageConfig.aspectRatio,
    resolution: imageConfig.imageSize,
  };
  const asked = Object.entries(parameters).filter(
    ([, value]) => value !== undefined && value !== null,
  );
  return { parameters: Object.fromEntries(asked), pictures };
}

function readParts({ contents: [turn] }: ContentBody): {
  readonly texts: readonly string[];
  readonly pictures: readonly PictureAt[];
} {
  const texts: string[] = [];
  const pictures: PictureAt[] = [];
  for (const [index, part] of (turn?.parts ?? []).entries()) {
    const path = `contents[0].parts[${index}]`;
    const { text, inlineData, fileData } = part;
    if ([text, inlineData, fileData].filter((given) => given !== undefined).length !== 1) {
      const allowed = ["text", "inlineData", "fileData"];
      const message = `${path}: must be one of ${allowed.join(", ")}`;
      throw new Refusal("invalid_value", message, {
        param: path,
        sent: Object.keys(part),
        allowed,
      });
    }
    if (text !== undefined && text !== "") texts.push(text);
    if (inlineData !== undefined) pictures.push({ path: `${path}.inlineData`, url: undefined });
    if (fileData !== undefined) pictures.push(fileAt(fileData.fileUri, `${path}.fileData.fileUri`));
  }
  return { texts, pictures };
}

function fileAt(uri: string, path: string): PictureAt {
  if (/^https:\/\/./i.test(uri)) return { path, url: uri };
  const message = `${path}=${shown(uri)}: must be a public https URL; files of other services can't be read`;
  throw new Refusal("invalid_value", message, { param: path, sent: shown(uri) });
}

function checkModel(inBody: string | undefined, model: string): void {
  if (inBody === undefined || inBody === model || inBody === `models/${model}`) return;
  const message = `model=${shown(inBody)}: the path asks for ${model}`;
  throw new Refusal("invalid_value", message, {
    param: "model",
    sent: shown(inBody),
    allowed: [model],
  });
}

function ownParameters(own: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  for (const [name, value] of Object.entries(own)) {
    if (OWN_PARAMETERS.includes(name) || CHOICE_PARAMETERS.includes(name)) continue;
    const param = joined("spotmeter", shown(name));
    const fields: Readonly<Record<string, string>> = CONTRACT_FIELDS;
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    const why =
      field === undefined ? `unknown parameter: ${param}` : `${param}: give it as ${field}`;
    throw new Refusal("unknown_parameter", why, {
      param,
      sent: isObject(value) ? "(object)" : shown(value),
      allowed: [...OWN_PARAMETERS, ...CHOICE_PARAMETERS],
    });
  }
  return withChoice(own);
}

/** Constraints of a choice stand beside the other parameters here, on the images routes in their own `spotmeter`. */
function withChoice(own: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const entries = Object.entries(own);
  const isChoice = ([name]: readonly [string, unknown]) => CHOICE_PARAMETERS.includes(name);
  const choice = Object.fromEntries(entries.filter(isChoice));
  if (Object.keys(choice).length === 0) return own;
  const rest = Object.fromEntries(entries.filter((entry) => !isChoice(entry)));
  const inner = isObject(rest["spotmeter"]) ? rest["spotmeter"] : {};
  return { ...rest, spotmeter: { ...choice, ...inner } };
}
