import { setTimeout as sleep } from "node:timers/promises";
import { type ApiAnswer, type ApiCall, callApi } from "./api.ts";
import type { Answer } from "./response.ts";

/**
 * Asynchronous tasks: asked for until they end. The vendor allows 20 polls a second and keeps a task for
 * 24 hours; only a PENDING task can be cancelled.
 * Source: alibabacloud.com model-studio, rate limits (2026-02-09) and image API references [spec].
 */

type Pace = { readonly firstMs: number; readonly longestMs: number };
const LIVE_PACE: Pace = { firstMs: 1_000, longestMs: 3_000 };
/** An emulator or a test: nobody is waited for. */
const LOOPBACK_PACE: Pace = { firstMs: 20, longestMs: 250 };
const GROWTH = 1.5;
/** A poll that hangs is given up and asked again. */
const POLL_TIMEOUT_MS = 30_000;
const CANCEL_TIMEOUT_MS = 5_000;
/** So many answers in a row that know nothing of the task end the asking: it is not coming back. */
const STRANGE_ANSWERS_MAX = 3;

export type TaskView =
  | { readonly kind: "succeeded" | "failed" | "canceled"; readonly answer: Answer }
  | { readonly kind: "running" }
  /** The vendor doesn't know the task, or doesn't let us ask. */
  | { readonly kind: "strange" }
  /** No answer came, or the vendor is busy. */
  | { readonly kind: "silent" };

/** How a task ended; undefined when the signal came first. */
export async function awaitTask(
  taskId: string,
  call: ApiCall,
  pollAtOnce = false,
): Promise<TaskView | undefined> {
  const pace = call.connection.loopback ? LOOPBACK_PACE : LIVE_PACE;
  let pauseMs = pollAtOnce ? 0 : pace.firstMs;
  let strange = 0;
  while (await waited(pauseMs, call.signal)) {
    const view = await viewTask(taskId, call, POLL_TIMEOUT_MS);
    strange = view.kind === "strange" ? strange + 1 : 0;
    const isOpen = view.kind === "running" || view.kind === "silent" || view.kind === "strange";
    if (!isOpen || strange === STRANGE_ANSWERS_MAX) return view;
    pauseMs = Math.min(Math.max(pauseMs * GROWTH, pace.firstMs), pace.longestMs);
  }
  return undefined;
}

/** Tries to cancel a task that nobody waits for any longer, and looks how it stands. */
export async function abandonTask(
  taskId: string,
  call: ApiCall,
): Promise<{ readonly view: TaskView; readonly cancelAccepted: boolean }> {
  // The call's own deadline has passed: these two have their own.
  const late = { ...call, signal: AbortSignal.timeout(CANCEL_TIMEOUT_MS) };
  const cancel = await callApi(late, { path: `${pathOf(taskId)}/cancel`, body: "" });
  const cancelAccepted =
    cancel.end.kind === "complete" && cancel.status === 200 && cancel.answer?.failure === undefined;
  const view = await viewTask(
    taskId,
    { ...call, signal: AbortSignal.timeout(CANCEL_TIMEOUT_MS) },
    CANCEL_TIMEOUT_MS,
  );
  return { view, cancelAccepted };
}

async function viewTask(taskId: string, call: ApiCall, timeoutMs: number): Promise<TaskView> {
  const signal = AbortSignal.any([call.signal, AbortSignal.timeout(timeoutMs)]);
  return viewOf(await callApi({ ...call, signal }, { path: pathOf(taskId) }));
}

function viewOf({ end, status, answer }: ApiAnswer): TaskView {
  if (end.kind !== "complete" || status === null) return { kind: "silent" };
  if (status === 429 || status >= 500) return { kind: "silent" };
  if (status !== 200 || answer === undefined) return { kind: "strange" };
  switch (answer.taskStatus) {
    case "PENDING":
    case "RUNNING":
      return { kind: "running" };
    case "SUCCEEDED":
      return { kind: "succeeded", answer };
    case "FAILED":
      return { kind: "failed", answer };
    case "CANCELED":
      return { kind: "canceled", answer };
    default:
      return { kind: "strange" }; // UNKNOWN: expired, or never heard of
  }
}

function pathOf(taskId: string): string {
  return `/api/v1/tasks/${encodeURIComponent(taskId)}`;
}

/** False when the signal came first. */
async function waited(ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  try {
    await sleep(ms, undefined, { signal });
    return true;
  } catch (cause) {
    if (signal.aborted) return false;
    throw cause;
  }
}
