import { type Answer, type Delivery, PROMPT_DELIVERY, pause } from "../answer.ts";
import { bearerKey, type Exchange, isBadKey, type Route, type World } from "../exchange.ts";
import { isObject } from "../json.ts";
import {
  dashScopeAnswer,
  dashScopeError,
  dashScopeStatus,
  INTERNAL_ERROR,
  invalidParameter,
  MODERATED,
} from "./errors.ts";
import { makeImages } from "./make.ts";
import { type DashScopeRoute, findDashScopeModel } from "./models.ts";
import { type DashScopeOrder, readDashScopeOrder } from "./order.ts";
import { type Task, TaskTable } from "./tasks.ts";

const GENERATION_PATHS: Readonly<Record<string, DashScopeRoute>> = {
  "/api/v1/services/aigc/multimodal-generation/generation": "sync",
  "/api/v1/services/aigc/image-generation/generation": "async-messages",
  "/api/v1/services/aigc/text2image/image-synthesis": "async-text",
  "/api/v1/services/aigc/image2image/image-synthesis": "async-image",
};

/** One table of tasks for each running emulator. */
const tables = new WeakMap<World, TaskTable>();

/** DashScope's paths: alibaba.md §2. */
export function routeAlibaba(method: string, path: string): Route | undefined {
  const route = Object.hasOwn(GENERATION_PATHS, path) ? GENERATION_PATHS[path] : undefined;
  if (method === "POST" && route !== undefined) {
    return {
      kind: "generation",
      vendor: "alibaba",
      model: null,
      handle: (exchange) => generate(exchange, route),
      refuse: (message) => dashScopeError(400, "InvalidParameter", message),
    };
  }
  const [, id = "", cancel] = /^\/api\/v1\/tasks\/([\w-]+)(\/cancel)?$/.exec(path) ?? [];
  if (id === "") return undefined;
  if (method === "GET" && cancel === undefined) {
    return { kind: "poll", handle: (exchange) => poll(exchange, id) };
  }
  if (method === "POST" && cancel !== undefined) {
    return { kind: "poll", handle: (exchange) => cancelTask(exchange, id) };
  }
  return undefined;
}

async function generate(exchange: Exchange, route: DashScopeRoute): Promise<Answer> {
  const refusal = refuseKey(exchange) ?? refuseHeader(exchange, route);
  if (refusal !== undefined) return refusal;
  const body = exchange.json;
  if (!isObject(body)) throw invalidParameter("The request body is not a JSON object.");
  const { model: id } = body;
  if (typeof id !== "string" || id === "") {
    return dashScopeError(400, "BadRequest.EmptyModel", "Required model is missing.");
  }
  const model = findDashScopeModel(id);
  if (model === undefined) return dashScopeStatus(404);
  if (!model.routes.includes(route)) {
    // The vendor's words for a model at another model's address ([guess], well known).
    throw invalidParameter(`url error, please check url! Model ${id} is not served here.`);
  }
  const { wanImagesDefault } = exchange.world.config;
  const order = readDashScopeOrder(body, { model, route, wanImagesDefault });
  if (exchange.faults.status !== undefined) return dashScopeStatus(exchange.faults.status);
  return route === "sync" ? answerSync(exchange, order) : submitTask(exchange, order, route);
}

async function answerSync(exchange: Exchange, order: DashScopeOrder): Promise<Answer> {
  const { faults, world } = exchange;
  await pause(world.config.latencyMs);
  if (faults.moderation) return dashScopeError(400, MODERATED.code, MODERATED.message);
  // An error inside an HTTP 200 has been met here (alibaba.md §6, third).
  if (faults.failed) return dashScopeError(200, INTERNAL_ERROR.code, INTERNAL_ERROR.message);
  const { output, usage } = await makeImages(exchange, order, "sync");
  return dashScopeAnswer(200, { output, ...(usage === undefined ? {} : { usage }) });
}

/** The submit is a prompt 200 without usage; every switch but `status` belongs to the task. */
function submitTask(exchange: Exchange, order: DashScopeOrder, route: DashScopeRoute): Answer {
  const task = tableOf(exchange.world).submit(exchange, order, route);
  const output = { task_id: task.id, task_status: "PENDING" };
  return { ...dashScopeAnswer(200, { output }), delivery: PROMPT_DELIVERY };
}

/** HTTP 200 for every task, FAILED ones included (alibaba.md §5). */
function poll(exchange: Exchange, id: string): Answer {
  const refusal = refuseKey(exchange);
  if (refusal !== undefined) return refusal;
  const task = tableOf(exchange.world).find(id, exchange.world.nowMs());
  if (task === undefined) {
    return dashScopeAnswer(200, { output: { task_id: id, task_status: "UNKNOWN" } });
  }
  const output = { task_id: id, task_status: task.state.status, ...times(task) };
  switch (task.state.status) {
    case "PENDING":
    case "RUNNING":
    case "CANCELED":
      return dashScopeAnswer(200, { output });
    case "FAILED": {
      const { code, message } = task.state;
      return dashScopeAnswer(200, { output: { ...output, code, message } });
    }
    case "SUCCEEDED": {
      const { made } = task.state;
      const usage = made.usage === undefined ? {} : { usage: made.usage };
      const answer = dashScopeAnswer(200, { output: { ...output, ...made.output }, ...usage });
      return { ...answer, delivery: taskDelivery(task) };
    }
    default:
      return task.state satisfies never;
  }
}

/** `cut` and `slow` of a task act on the poll that brings its result. */
function taskDelivery(task: Task): Delivery {
  const { cut, slowMs } = task.exchange.faults;
  return { cut, slowMs, hang: false };
}

function cancelTask(exchange: Exchange, id: string): Answer {
  const refusal = refuseKey(exchange);
  if (refusal !== undefined) return refusal;
  const table = tableOf(exchange.world);
  const task = table.find(id, exchange.world.nowMs());
  if (task !== undefined && table.cancel(task)) return dashScopeAnswer(200, {});
  // Status and wording are [guess]; that only PENDING can be cancelled is [spec].
  const message = "Failed to cancel the task, please confirm if the task is in PENDING status.";
  return dashScopeError(400, "UnsupportedOperation", message);
}

/** Times as "YYYY-MM-DD HH:mm:ss.SSS" (alibaba.md §5). */
function times(task: Task): Record<string, string> {
  const text = (ms: number): string => new Date(ms).toISOString().replace("T", " ").slice(0, 23);
  return {
    submit_time: text(task.submittedAtMs),
    ...(task.startedAtMs === undefined ? {} : { scheduled_time: text(task.startedAtMs) }),
    ...(task.endedAtMs === undefined ? {} : { end_time: text(task.endedAtMs) }),
  };
}

function refuseKey(exchange: Exchange): Answer | undefined {
  const key = bearerKey(exchange.headers);
  if (key === undefined) return dashScopeError(401, "InvalidApiKey", "No API-key provided.");
  return isBadKey(key) ? dashScopeStatus(401) : undefined;
}

/** Tasks want their header, the synchronous route must not have it (alibaba.md §2; status [guess]). */
function refuseHeader(exchange: Exchange, route: DashScopeRoute): Answer | undefined {
  const isAsync = exchange.headers["x-dashscope-async"] === "enable";
  if (isAsync === (route !== "sync")) return undefined;
  const kind = isAsync ? "asynchronous" : "synchronous";
  return dashScopeError(403, "AccessDenied", `current user api does not support ${kind} calls`);
}

function tableOf(world: World): TaskTable {
  const known = tables.get(world);
  if (known !== undefined) return known;
  const table = new TaskTable();
  tables.set(world, table);
  return table;
}
