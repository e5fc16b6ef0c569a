import type { Finished } from "../../gateway/client.ts";
import type { AnswerForm, UrlOf } from "../answer-form.ts";
import { answerTail, fieldsText } from "./answer-text.ts";
import { plainForm } from "./image-forms.ts";

/** An answer that names each picture by a URL of ours: all of it is its tail. */
export function urlForm(urlOf: UrlOf): AnswerForm {
  return {
    ...plainForm,
    tail: (made, cost) => `${dataText(made, urlOf)}${answerTail(made, cost)}`,
  };
}

/** `data` up to the last image's own fields, which are the tail's. */
function dataText({ outcome, settlement }: Finished, urlOf: UrlOf): string {
  const { perImage } = outcome.answer;
  const items = settlement.images.map((image, index) => {
    const isLast = index === settlement.images.length - 1;
    const fields = isLast ? "" : `${fieldsText(perImage[index] ?? {})}}`;
    return `{"url":${JSON.stringify(urlOf(index, image))}${fields}`;
  });
  return `{"data":[${items.join(",")}`;
}
