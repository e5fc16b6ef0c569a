import { text as readAll } from "node:stream/consumers";
import type { Command } from "commander";
import { type ChoiceFlags, readChoiceFlags, withChoice } from "./choice-flags.ts";
import { Misuse } from "./failures.ts";
import { decimal, integer, pair } from "./flags.ts";

/** Flags of an order, by the names that commander gives them. */
export type OrderFlags = {
  readonly model?: string;
  readonly n?: number;
  readonly size?: string;
  readonly quality?: string;
  readonly background?: string;
  readonly outputFormat?: string;
  readonly outputCompression?: number;
  readonly moderation?: string;
  readonly aspectRatio?: string;
  readonly resolution?: string;
  readonly seed?: number;
  readonly negativePrompt?: string;
  readonly guidanceScale?: number;
  readonly watermark?: boolean;
  readonly promptExtend?: boolean;
  readonly user?: string;
  readonly tag?: Readonly<Record<string, string>>;
} & ChoiceFlags;

/** The body of an order, as the API takes it. */
export type OrderBody = { readonly prompt: string; readonly [parameter: string]: unknown };

/** Gives a command the prompt, the model and every other parameter that an order knows. */
export function withOrder(command: Command): Command {
  return withParameters(
    command.option(
      "--model <id>",
      "which model (`spotmeter models` lists them), or auto for the cheapest that can do it",
    ),
  );
}

/** Gives a command the prompt and every parameter of an order but the model. */
export function withParameters(command: Command): Command {
  return withChoice(
    withOrderFlags(
      command.argument(
        "<prompt>",
        "what to draw; - reads standard input, without its last line break",
      ),
    ),
  );
}

/** Gives a command every parameter of an order but model and prompt. */
export function withOrderFlags(command: Command): Command {
  return command
    .option("--n <count>", "how many images", integer)
    .option("--size <size>", "1024x1024, auto, or a label such as 2K")
    .option("--quality <tier>", "the model's quality tier")
    .option("--background <kind>", "opaque, transparent or auto")
    .option("--output-format <format>", "png, jpeg or webp")
    .option("--output-compression <percent>", "for jpeg and webp", integer)
    .option("--moderation <level>", "auto or low")
    .option("--aspect-ratio <ratio>", "such as 16:9, with --resolution in place of --size")
    .option("--resolution <label>", "such as 2K")
    .option("--seed <number>", "the same seed draws alike", integer)
    .option("--negative-prompt <text>", "what not to draw")
    .option("--guidance-scale <number>", "how closely to follow the prompt", decimal)
    .option("--watermark", "ask for the vendor's watermark")
    .option("--no-watermark", "ask for none")
    .option("--prompt-extend", "let the vendor rewrite the prompt; it may double the price")
    .option("--no-prompt-extend", "send the prompt as it is")
    .option("--user <id>", "your own end user, for the bill")
    .option("--tag <name=value>", "a dimension of the bill; may be given many times", pair);
}

/** The order that the flags describe; what was not given is not in it. @throws Misuse */
export async function readOrder(
  prompt: string,
  flags: OrderFlags,
): Promise<OrderBody & { readonly model: string }> {
  const { model } = flags;
  if (model === undefined) {
    throw new Misuse(
      "--model is needed: `spotmeter models` lists them with their prices, and --model auto takes the cheapest that can do it",
    );
  }
  return { model, ...(await readParameters(prompt, flags)) };
}

/** The same without the model. */
export async function readParameters(prompt: string, flags: OrderFlags): Promise<OrderBody> {
  return {
    prompt: prompt === "-" ? await readStandardInput() : prompt,
    ...parametersIn(flags),
    spotmeter: readChoiceFlags(flags),
  };
}

/** The parameters that flags name, as the API calls them; undefined for those that were not given. */
export function parametersIn(flags: OrderFlags): Readonly<Record<string, unknown>> {
  return {
    n: flags.n,
    size: flags.size,
    quality: flags.quality,
    background: flags.background,
    output_format: flags.outputFormat,
    output_compression: flags.outputCompression,
    moderation: flags.moderation,
    aspect_ratio: flags.aspectRatio,
    resolution: flags.resolution,
    seed: flags.seed,
    negative_prompt: flags.negativePrompt,
    guidance_scale: flags.guidanceScale,
    watermark: flags.watermark,
    prompt_extend: flags.promptExtend,
    user: flags.user,
    tags: flags.tag,
  };
}

/** The last line break belongs to the shell (`echo … |`), not to the prompt; every other byte is kept. */
async function readStandardInput(): Promise<string> {
  const text = await readAll(process.stdin);
  return text.replace(/\r?\n$/, "");
}
