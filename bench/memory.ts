import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type ChildGateway, startChild } from "../test/gateway/child-gateway.ts";
import { formOf, formType } from "../test/gateway/intake-bench.ts";
import { heavyPng } from "../test/gateway/pictures.ts";
import { baseUrls } from "../test/gateway/replay-vendor.ts";

/**
 * Peak resident size of a gateway with many calls in flight. Prints figures, asserts nothing:
 * `node bench/memory.ts [CALLS]`. Vendor, gateway and clients are three processes.
 */

const CALLS = Number(process.argv[2] ?? 100);
const PROMPT = "E-commerce product photo, matte ceramic mug, white background, softbox lighting";

type Scenario = {
  readonly name: string;
  /** Images a call, of 1.2 MB of base64 each. */
  readonly n: number;
  /** The vendor's pause before each twentieth of its body. */
  readonly vendorPauseMs: number;
  /** The client's pause after each 64 KB; 0 reads as fast as it can. */
  readonly clientPauseMs: number;
  /** Bytes of the picture that the client sends along, in a form; a generation where there is none. */
  readonly editBytes?: number;
};

const scenarios: readonly Scenario[] = [
  { name: "slow vendor, 1.2 MB a call", n: 1, vendorPauseMs: 500, clientPauseMs: 0 },
  { name: "slow vendor, 9.6 MB a call", n: 8, vendorPauseMs: 500, clientPauseMs: 0 },
  { name: "slow clients, 1.2 MB a call", n: 1, vendorPauseMs: 0, clientPauseMs: 500 },
  { name: "slow clients, 9.6 MB a call", n: 8, vendorPauseMs: 0, clientPauseMs: 100 },
  {
    name: "edits of 1 MB, slow vendor",
    n: 1,
    vendorPauseMs: 500,
    clientPauseMs: 0,
    editBytes: 1e6,
  },
  {
    name: "edits of 8 MB, slow vendor",
    n: 1,
    vendorPauseMs: 500,
    clientPauseMs: 0,
    editBytes: 8e6,
  },
];

console.log(
  `${CALLS} calls at once; VmHWM of the gateway's process, in MiB; Node ${process.version}`,
);
console.log("scenario                       idle    peak   above   KiB a call");
for (const scenario of scenarios) console.log(await measure(scenario));

async function measure(scenario: Scenario): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), "spotmeter-bench-"));
  const vendor = spawn(
    process.execPath,
    [fileURLToPath(new URL("mock-vendor.ts", import.meta.url)), String(scenario.vendorPauseMs)],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const [port] = (await once(createInterface({ input: vendor.stdout }), "line")) as [string];
  const environment = { ...baseUrls(`http://127.0.0.1:${port}`), LOG_LEVEL: "warn" };
  const gateway = await startChild({ home, environment });
  try {
    // Code that is loaded and compiled at a first call is no cost of the hundredth.
    await Promise.all(Array.from({ length: 4 }, () => call(gateway, { ...scenario, n: 1 })));
    await sleep(1_000);
    const idle = status(gateway.pid, "VmRSS");
    resetPeak(gateway.pid);
    await Promise.all(Array.from({ length: CALLS }, () => call(gateway, scenario)));
    return line(scenario.name, idle, status(gateway.pid, "VmHWM"));
  } finally {
    await gateway.kill("SIGTERM");
    vendor.kill();
    rmSync(home, { recursive: true, force: true });
  }
}

function line(name: string, idleKib: number, peakKib: number): string {
  const mib = (kib: number): string => (kib / 1_024).toFixed(1).padStart(7);
  const each = ((peakKib - idleKib) / CALLS).toFixed(0).padStart(12);
  return `${name.padEnd(28)}${mib(idleKib)} ${mib(peakKib)} ${mib(peakKib - idleKib)} ${each}`;
}

/** One call, read to its end at the scenario's pace. */
async function call(gateway: ChildGateway, scenario: Scenario): Promise<void> {
  const { n, clientPauseMs } = scenario;
  const { path, type, body } = orderOf(scenario);
  const request = httpRequest(`${gateway.url}${path}`, {
    method: "POST",
    agent: false,
    headers: { authorization: `Bearer ${gateway.apiKey}`, "content-type": type },
  });
  request.end(body);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (clientPauseMs > 0) await sleep(clientPauseMs);
  }
  if (response.statusCode !== 200 || bytes < n * 1_200_000) {
    throw new Error(`status ${response.statusCode} and ${bytes} bytes: not the answer expected`);
  }
}

function orderOf({ n, editBytes }: Scenario): {
  readonly path: string;
  readonly type: string;
  readonly body: Buffer;
} {
  const order = { model: "gpt-image-2", prompt: PROMPT, quality: "low", size: "1024x1024", n };
  if (editBytes === undefined) {
    const body = Buffer.from(JSON.stringify(order));
    return { path: "/v1/images/generations", type: "application/json", body };
  }
  const fields = Object.entries(order).map(([name, value]) => ({ name, body: String(value) }));
  const parts = [{ name: "image", body: heavyPng(editBytes), filename: "blob" }, ...fields];
  return { path: "/v1/images/edits", type: formType(), body: formOf(parts) };
}

/** A figure of /proc/PID/status, in KiB. */
function status(pid: number, name: "VmRSS" | "VmHWM"): number {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1]);
}

/** From here on VmHWM is the peak since now. */
function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}
