import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { cleanEnvironment } from "../scripts/clean-environment.ts";

/** Processes of the demonstration, and a vendor that counts. */

const LATENCY_MS = "20";

export type Running = { readonly child: ChildProcess; readonly pid: number };

export function environmentOf(home: string, more: Readonly<Record<string, string>> = {}) {
  return {
    ...cleanEnvironment(process.env),
    EMULATOR_PICTURES: "small",
    EMULATOR_LATENCY_MS: LATENCY_MS,
    LOG_LEVEL: "error",
    SPOTMETER_HOME: home,
    ...more,
  };
}

export function start(args: readonly string[], env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, ["src/cli/main.ts", ...args], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Starts a server by `--json`, and waits for the line that says where. */
export async function startServer(
  args: readonly string[],
  env: Record<string, string>,
): Promise<Running & { readonly url: string }> {
  const child = start([...args, "--json"], env);
  // It must be read, though nobody wants to see it.
  child.stderr?.resume();
  if (child.stdout === null || child.pid === undefined) throw new Error("no server started");
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const { url } = JSON.parse(line) as { readonly url: string };
  return { child, pid: child.pid, url };
}

/** Runs a command to its end. */
export async function finished(child: ChildProcess) {
  let [stdout, stderr] = ["", ""];
  child.stdout?.on("data", (text: Buffer) => {
    stdout += text;
  });
  child.stderr?.on("data", (text: Buffer) => {
    stderr += text;
  });
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  return { code, signal, stdout, stderr };
}

/** The highest peak of any life of a process that was ever seen, in KiB. */
export class PeakMemory {
  kib = 0;
  look(pid: number | undefined): void {
    try {
      const text = readFileSync(`/proc/${pid}/status`, "utf8");
      const peak = Number(/^VmHWM:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0);
      if (peak > this.kib) this.kib = peak;
    } catch {
      // It has ended.
    }
  }
}

/**
 * Stands before a vendor's emulator, passes everything on and counts what the vendor made for each row; a row whose
 * prompt says "(busy once)" is told 429 the first time.
 */
export async function countingVendor(emulatorUrl: string) {
  const made = new Map<string, number>();
  const told = new Set<string>();
  const server = createServer((incoming, answer) => {
    void pass(incoming, answer, { emulatorUrl, made, told }).catch(() => answer.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    made,
    busyOnce: told,
    close: () => void server.close(),
  };
}

async function pass(
  incoming: IncomingMessage,
  answer: ServerResponse,
  of: {
    readonly emulatorUrl: string;
    readonly made: Map<string, number>;
    readonly told: Set<string>;
  },
): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of incoming as AsyncIterable<Buffer>) pieces.push(piece);
  const body = Buffer.concat(pieces);
  const prompt = /\[(item-\d+)\]([^"]*)/.exec(body.toString("utf8"));
  const [, row = "", rest = ""] = prompt ?? [];
  if (rest.includes("(busy once)") && !of.told.has(row)) {
    of.told.add(row);
    const error = {
      message: "slow down",
      type: "rate_limit_error",
      code: "rate_limit_exceeded",
      param: null,
    };
    answer.writeHead(429, { "content-type": "application/json", "retry-after": "1" });
    answer.end(JSON.stringify({ error }));
    return;
  }
  const { host: _, ...headers } = incoming.headers;
  const asked = request(`${of.emulatorUrl}${incoming.url}`, {
    method: incoming.method ?? "POST",
    headers,
  });
  asked.end(body);
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  if (response.statusCode === 200) of.made.set(row, (of.made.get(row) ?? 0) + 1);
  answer.writeHead(response.statusCode ?? 502, response.headers);
  response.on("error", () => answer.destroy());
  response.pipe(answer);
}
