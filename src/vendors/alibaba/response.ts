import { z } from "zod";

/**
 * What we read of an answer, whichever route it came by: pictures, failures of single items, a task and
 * how it stands, the error envelope. Everything is optional; a 200 can be any of them.
 *
 * Source: alibabacloud.com model-studio, wan and qwen image API references [spec], checked 2026-10-12;
 * errors inside a 200: litellm `llms/dashscope/image_generation/transformation.py` [third].
 */
const choiceSchema = z.object({
  finish_reason: z.string().nullish(),
  message: z
    .object({ content: z.array(z.object({ image: z.string().nullish() })).catch([]) })
    .nullish(),
});
const resultSchema = z.object({
  url: z.string().nullish(),
  actual_prompt: z.string().nullish(),
  code: z.string().nullish(),
  message: z.string().nullish(),
});
/** An id too long or of another type is as good as none. */
const id = z.string().max(200).nullish().catch(null);
/** Becomes part of a path. */
const taskId = z
  .string()
  .regex(/^\w[\w.:-]{0,199}$/)
  .nullish()
  .catch(null);
const answerSchema = z.object({
  request_id: id,
  code: z.string().nullish(),
  message: z.string().nullish(),
  usage: z.unknown().optional(),
  output: z
    .object({
      task_id: taskId,
      task_status: z.string().nullish(),
      code: z.string().nullish(),
      message: z.string().nullish(),
      choices: z.array(choiceSchema).nullish(),
      results: z.array(resultSchema).nullish(),
    })
    .nullish(),
});

export type Picture = { readonly url: string; readonly rewrittenPrompt: string | undefined };
/** Why something failed, in the vendor's words; nothing of it is redacted yet. */
export type WireFailure = { readonly code: string; readonly message: string };

export type Answer = {
  readonly requestId: string | null;
  readonly taskId: string | undefined;
  readonly taskStatus: string | undefined;
  readonly pictures: readonly Picture[];
  /** Of the whole call or task. */
  readonly failure: WireFailure | undefined;
  /** Of single items beside pictures that came. */
  readonly itemFailures: readonly WireFailure[];
  readonly usage: unknown;
};

/** Undefined when the JSON is not an answer of this API. */
export function readAnswer(json: unknown): Answer | undefined {
  const parsed = answerSchema.safeParse(json);
  if (!parsed.success) return undefined;
  const { request_id: requestId, code, message, usage, output } = parsed.data;
  return {
    requestId: requestId ?? null,
    taskId: output?.task_id ?? undefined,
    taskStatus: output?.task_status ?? undefined,
    pictures: [...choicePictures(output?.choices ?? []), ...resultPictures(output?.results ?? [])],
    failure: failureOf({ code, message }) ?? failureOf(output ?? {}),
    itemFailures: itemFailures(output?.choices ?? [], output?.results ?? []),
    usage,
  };
}

/** Several pictures of a call stand in one choice or in one choice each: both are met. */
function choicePictures(choices: readonly z.infer<typeof choiceSchema>[]): readonly Picture[] {
  return choices
    .filter(isWhole)
    .flatMap(({ message }) =>
      (message?.content ?? []).flatMap(({ image }) =>
        image === undefined || image === null || image === ""
          ? []
          : [{ url: image, rewrittenPrompt: undefined }],
      ),
    );
}

function isWhole({ finish_reason: reason }: z.infer<typeof choiceSchema>): boolean {
  return reason === undefined || reason === null || reason === "stop";
}

function resultPictures(results: readonly z.infer<typeof resultSchema>[]): readonly Picture[] {
  return results.flatMap(({ url, actual_prompt: prompt }) =>
    url === undefined || url === null || url === ""
      ? []
      : [{ url, rewrittenPrompt: prompt ?? undefined }],
  );
}

function itemFailures(
  choices: readonly z.infer<typeof choiceSchema>[],
  results: readonly z.infer<typeof resultSchema>[],
): readonly WireFailure[] {
  return [
    ...choices
      .filter((choice) => !isWhole(choice))
      .map(({ finish_reason: reason }) => ({ code: `finish_reason ${reason}`, message: "" })),
    ...results.flatMap((result) => failureOf(result) ?? []),
  ];
}

function failureOf(from: {
  readonly code?: string | null | undefined;
  readonly message?: string | null | undefined;
}): WireFailure | undefined {
  const { code, message } = from;
  return code === undefined || code === null || code === ""
    ? undefined
    : { code, message: message ?? "" };
}
