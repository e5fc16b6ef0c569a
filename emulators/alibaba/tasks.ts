import { randomUUID } from "node:crypto";
import { pause } from "../answer.ts";
import type { Exchange } from "../exchange.ts";
import { INTERNAL_ERROR, MODERATED } from "./errors.ts";
import { type Made, makeImages } from "./make.ts";
import type { DashScopeRoute } from "./models.ts";
import type { DashScopeOrder } from "./order.ts";

/** Where a task stands: alibaba.md §5 [spec]. UNKNOWN is the answer for an id that is not known. */
type TaskState =
  | { readonly status: "PENDING" | "RUNNING" | "CANCELED" }
  | { readonly status: "SUCCEEDED"; readonly made: Made }
  | { readonly status: "FAILED"; readonly code: string; readonly message: string };

export type Task = {
  readonly id: string;
  readonly exchange: Exchange;
  readonly submittedAtMs: number;
  startedAtMs: number | undefined;
  endedAtMs: number | undefined;
  state: TaskState;
};

/** Task data is kept for 24 hours (alibaba.md §5); here also at most so many. */
const LIFE_MS = 86_400_000;
const TASKS_MAX = 10_000;

/** The asynchronous tasks of one emulator. A task's switches are those of its submit. */
export class TaskTable {
  readonly #tasks = new Map<string, Task>();

  /** Accepts a task; it is PENDING for half the latency and RUNNING for the other half. */
  submit(exchange: Exchange, order: DashScopeOrder, route: DashScopeRoute): Task {
    const task: Task = {
      id: randomUUID(),
      exchange,
      submittedAtMs: exchange.world.nowMs(),
      startedAtMs: undefined,
      endedAtMs: undefined,
      state: { status: "PENDING" },
    };
    this.#tasks.set(task.id, task);
    for (const [oldest] of this.#tasks) {
      if (this.#tasks.size <= TASKS_MAX) break;
      this.#tasks.delete(oldest);
    }
    runTask(task, order, route).catch((error: unknown) => {
      // A closing emulator ends its workers; whoever still polls sees a failed task.
      task.state = { status: "FAILED", code: INTERNAL_ERROR.code, message: String(error) };
    });
    return task;
  }

  /** undefined for an unknown or expired id, which polls as UNKNOWN. */
  find(id: string, nowMs: number): Task | undefined {
    const task = this.#tasks.get(id);
    return task !== undefined && task.submittedAtMs + LIFE_MS > nowMs ? task : undefined;
  }

  /** Only PENDING tasks can be cancelled (alibaba.md §2 [spec SDK]). */
  cancel(task: Task): boolean {
    if (task.state.status !== "PENDING") return false;
    task.state = { status: "CANCELED" };
    task.endedAtMs = task.exchange.world.nowMs();
    return true;
  }
}

async function runTask(task: Task, order: DashScopeOrder, route: DashScopeRoute): Promise<void> {
  const { world, faults } = task.exchange;
  const halfMs = world.config.latencyMs / 2;
  await pause(halfMs);
  if (task.state.status === "CANCELED") return;
  task.startedAtMs = world.nowMs();
  task.state = { status: "RUNNING" };
  await pause(halfMs);
  // `hang`: the task never ends.
  if (faults.hang) return;
  task.state = await finish(task, order, route);
  task.endedAtMs = world.nowMs();
}

async function finish(
  task: Task,
  order: DashScopeOrder,
  route: DashScopeRoute,
): Promise<TaskState> {
  const { faults } = task.exchange;
  if (faults.moderation) return { status: "FAILED", ...MODERATED };
  // A task is SUCCEEDED when at least one image exists (alibaba.md §5, third).
  if (faults.failed || faults.partial === 0) return { status: "FAILED", ...INTERNAL_ERROR };
  return { status: "SUCCEEDED", made: await makeImages(task.exchange, order, route) };
}
