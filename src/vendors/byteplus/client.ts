import type { ImageVendor } from "../port.ts";
import { jsonBody } from "../wire/json-body.ts";
import { dispatchImages } from "../wire/judge-images.ts";
import { codeClasses } from "./failures.ts";
import { sent, wireBody } from "./request.ts";
import { billAnswer } from "./response.ts";
import { estimate } from "./tokens.ts";

/** BytePlus ModelArk, image generation: one picture a call. */
export function byteplusVendor(): ImageVendor {
  return {
    id: "byteplus",
    sendsDrafts: false,
    estimate,
    sent,
    dispatch: (call, sink) =>
      dispatchImages(
        call,
        { sink, path: "/images/generations", body: jsonBody(wireBody(call.accepted)) },
        {
          codes: codeClasses,
          bill: (body, pictures) => billAnswer(call.accepted, body, pictures),
        },
      ),
  };
}
