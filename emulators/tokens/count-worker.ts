import { parentPort } from "node:worker_threads";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import type { WorkerReply } from "../worker-pool.ts";

/**
 * Counts o200k tokens in its own thread: the table takes 0.2 s to load and a long prompt must not
 * stall the server. Text that looks like a special token is ordinary text here, as it is in a prompt.
 */
const port = parentPort;
if (port === null) throw new Error("count-worker runs as a worker thread only");
const ordinary = { disallowedSpecial: new Set<string>() };
port.on("message", (text: string) => {
  const reply: WorkerReply<number> = { kind: "done", result: countTokens(text, ordinary) };
  port.postMessage(reply);
});
