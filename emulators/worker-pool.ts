import { Worker } from "node:worker_threads";

type Job<Request, Result> = {
  readonly request: Request;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: Error) => void;
};

/** What a worker posts back. */
export type WorkerReply<Result> =
  | { readonly kind: "done"; readonly result: Result }
  | { readonly kind: "failed"; readonly message: string };

/**
 * A queue in front of a few worker threads. Threads start when there is work for them, not before,
 * and do not keep the process alive while they are idle.
 */
export class WorkerPool<Request, Result> {
  readonly #entry: URL;
  readonly #threadsMax: number;
  readonly #idle: Worker[] = [];
  readonly #all = new Set<Worker>();
  readonly #running = new Map<Worker, Job<Request, Result>>();
  readonly #queue: Job<Request, Result>[] = [];
  #closed = false;

  constructor(entry: URL, threadsMax: number) {
    this.#entry = entry;
    this.#threadsMax = threadsMax;
  }

  run(request: Request): Promise<Result> {
    if (this.#closed) return Promise.reject(new Error("the worker pool is closed"));
    return new Promise((resolve, reject) => {
      this.#queue.push({ request, resolve, reject });
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.#queue.splice(0)) job.reject(new Error("the worker pool was closed"));
    await Promise.all([...this.#all].map((worker) => worker.terminate()));
  }

  #next(): void {
    if (this.#queue.length === 0) return;
    const worker = this.#idle.pop() ?? this.#start();
    if (worker === undefined) return;
    const job = this.#queue.shift();
    if (job === undefined) return;
    this.#running.set(worker, job);
    worker.ref();
    worker.postMessage(job.request);
  }

  #start(): Worker | undefined {
    if (this.#all.size >= this.#threadsMax) return undefined;
    const worker = new Worker(this.#entry);
    this.#all.add(worker);
    worker.on("message", (reply: WorkerReply<Result>) => {
      const job = this.#running.get(worker);
      this.#running.delete(worker);
      worker.unref();
      this.#idle.push(worker);
      if (reply.kind === "done") job?.resolve(reply.result);
      else job?.reject(new Error(reply.message));
      this.#next();
    });
    worker.on("error", (error: Error) => this.#lose(worker, error));
    worker.on("exit", () => this.#lose(worker, new Error("a worker thread ended")));
    return worker;
  }

  #lose(worker: Worker, reason: Error): void {
    this.#all.delete(worker);
    const index = this.#idle.indexOf(worker);
    if (index >= 0) this.#idle.splice(index, 1);
    this.#running.get(worker)?.reject(reason);
    this.#running.delete(worker);
    if (!this.#closed) this.#next();
  }
}
