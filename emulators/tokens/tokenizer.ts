import { WorkerPool } from "../worker-pool.ts";

/** Counts o200k_base tokens of a text. */
export type Tokenizer = {
  readonly count: (text: string) => Promise<number>;
  readonly close: () => Promise<void>;
};

/** A tokenizer that loads its table at the first question, in its own thread. */
export function createTokenizer(): Tokenizer {
  const file = import.meta.url.endsWith(".ts") ? "./count-worker.ts" : "./count-worker.js";
  const pool = new WorkerPool<string, number>(new URL(file, import.meta.url), 1);
  return { count: (text) => pool.run(text), close: () => pool.close() };
}
