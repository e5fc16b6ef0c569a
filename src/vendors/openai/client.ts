import type { ImageVendor } from "../port.ts";
import { dispatchImages } from "../wire/judge-images.ts";
import { codeClasses } from "./failures.ts";
import { listModels } from "./model-list.ts";
import { sent, wireCall } from "./request.ts";
import { billAnswer } from "./response.ts";
import { estimate } from "./tokens.ts";

/** OpenAI's Images API, and whatever speaks it word for word at another base URL. */
export function openaiVendor(): ImageVendor {
  return {
    id: "openai",
    sendsDrafts: false,
    estimate,
    sent,
    listModels,
    dispatch: (call, sink) =>
      dispatchImages(
        call,
        { sink, ...wireCall(call.accepted) },
        {
          codes: codeClasses,
          bill: (body, pictures) => billAnswer(call.accepted, body, pictures),
        },
      ),
  };
}
