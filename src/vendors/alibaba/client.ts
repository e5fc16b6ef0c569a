import type {
  ImageSink,
  ImageVendor,
  Outcome,
  ResumedTask,
  TaskEnding,
  VendorCall,
} from "../port.ts";
import { jsonBody } from "../wire/json-body.ts";
import { judgeUnanswered } from "../wire/small-body.ts";
import { type ApiAnswer, callApi } from "./api.ts";
import { estimate } from "./estimate.ts";
import { judgeFailedTask, judgeFailure } from "./failures.ts";
import { sent, wireCall } from "./request.ts";
import type { Answer } from "./response.ts";
import { deliver, factsOf, fetchPictures, unavailable } from "./results.ts";
import { abandonTask, awaitTask } from "./tasks.ts";
import { type ReadUsage, readUsage, shapeOf } from "./usage.ts";

/** Qwen-image, wan and z-image over DashScope's native API. */
export function alibabaVendor(): ImageVendor {
  return { id: "alibaba", sendsDrafts: false, estimate, sent, dispatch, resume };
}

async function dispatch(call: VendorCall, sink: ImageSink): Promise<Outcome> {
  const { path, isTask, body } = wireCall(call.accepted);
  const reply = await callApi(call, { path, isTask, body: jsonBody(body) });
  const answer = successOf(reply);
  if (answer === undefined) return judgeNoSuccess(reply, call.signal);
  if (!isTask) return deliver(answer, call, sink);
  if (answer.taskId === undefined) {
    return { ...factsOf(answer), kind: "unknown", why: "unreadable" };
  }
  return followTask(answer.taskId, call, sink);
}

/** A 200 that says no error; undefined otherwise. */
function successOf({ end, status, answer }: ApiAnswer): Answer | undefined {
  const isWhole = end.kind === "complete" && status === 200;
  if (!isWhole || answer === undefined) return undefined;
  return answer.failure === undefined || answer.pictures.length > 0 ? answer : undefined;
}

function judgeNoSuccess(reply: ApiAnswer, signal: AbortSignal): Outcome {
  const { end, status, answer } = reply;
  const facts = { status, vendorRequestId: reply.requestId, usageText: null };
  // A bad status decides by itself, whether its explanation came whole or not.
  if (status !== null && status !== 200) {
    return { ...facts, ...judgeFailure(status, answer?.failure) };
  }
  if (end.kind !== "complete") return { ...facts, ...judgeUnanswered(end, signal) };
  if (answer?.failure === undefined) return { ...facts, kind: "unknown", why: "unreadable" };
  return { ...facts, ...judgeFailure(200, answer.failure) };
}

async function followTask(taskId: string, call: VendorCall, sink: ImageSink): Promise<Outcome> {
  try {
    await call.noteTask(taskId);
  } catch {
    // A task that isn't in the ledger must not run on: nobody could ask for it after a crash.
    return giveUp(taskId, call);
  }
  const view = await awaitTask(taskId, call);
  switch (view?.kind) {
    case undefined:
      return giveUp(taskId, call);
    case "succeeded":
      return deliver(view.answer, call, sink);
    case "failed":
      return { ...factsOf(view.answer), ...judgeFailedTask(view.answer.failure) };
    case "canceled":
      return {
        ...factsOf(view.answer),
        kind: "failed",
        code: "vendor_failed",
        message: "the task was cancelled at the vendor",
      };
    case "running":
    case "silent":
    case "strange":
      return { ...unansweredFacts(taskId), kind: "unknown", why: "unreadable" };
    default:
      return view satisfies never;
  }
}

/** Cancels first: a cancelled task was never begun and costs nothing (MONEY §6). */
async function giveUp(taskId: string, call: VendorCall): Promise<Outcome> {
  const { view, cancelAccepted } = await abandonTask(taskId, call);
  switch (view.kind) {
    case "canceled":
      return { ...factsOf(view.answer), kind: "unspent", why: "overloaded" };
    case "failed":
      return { ...factsOf(view.answer), ...judgeFailedTask(view.answer.failure) };
    case "succeeded":
      return { ...factsOf(view.answer), ...unavailable(view.answer, call.accepted) };
    case "silent":
    case "strange":
      return cancelAccepted
        ? { ...unansweredFacts(taskId), kind: "unspent", why: "overloaded" }
        : { ...unansweredFacts(taskId), kind: "unknown", why: "timeout" };
    case "running":
      return { ...unansweredFacts(taskId), kind: "unknown", why: "timeout" };
    default:
      return view satisfies never;
  }
}

/** The task's id is the only handle that a reconciliation has. */
function unansweredFacts(taskId: string): {
  readonly status: null;
  readonly vendorRequestId: string;
  readonly usageText: null;
} {
  return { status: null, vendorRequestId: taskId, usageText: null };
}

async function resume(task: ResumedTask): Promise<TaskEnding> {
  const { taskId, connection, signal, references } = task;
  const view = await awaitTask(taskId, { connection, signal, headers: {} }, true);
  switch (view?.kind) {
    case "succeeded": {
      const { answer } = view;
      const made = answer.pictures.length;
      const read = readUsage(answer.usage, shapeOf(answer.usage), { made, references });
      const ended = { usage: read.usage, usageText: factsOf(answer).usageText };
      const collected = await collect(answer, read, task);
      return {
        kind: "succeeded",
        ...ended,
        ...(collected === undefined ? {} : { made: collected }),
      };
    }
    case "failed":
    case "canceled":
      return { kind: "failed" };
    case undefined:
    case "running":
    case "silent":
    case "strange":
      return { kind: "unknown" };
    default:
      return view satisfies never;
  }
}

/** The pictures of a task, where somebody still wants them. */
async function collect(answer: Answer, read: ReadUsage, task: ResumedTask) {
  const { connection, signal } = task;
  if (task.collect === undefined || answer.pictures.length === 0) return undefined;
  const { sink, imagesAsked } = task.collect;
  return fetchPictures(answer, { read, imagesAsked, connection, signal }, sink);
}
