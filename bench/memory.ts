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
};

const scenarios: readonly Scenario[] = [
  { name: "slow vendor, 1.2 MB a call", n: 1, vendorPauseMs: 500, clientPauseMs: 0 },
  { name: "slow vendor, 9.6 MB a call", n: 8, vendorPauseMs: 500, clientPauseMs: 0 },
  { name: "slow clients, 1.2 MB a call", n: 1, vendorPauseMs: 0, clientPauseMs: 500 },
  { name: "slow clients, 9.6 MB a call", n: 8, vendorPauseMs: 0, clientPauseMs: 100 },
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
async function call(gateway: ChildGateway, { n, clientPauseMs }: Scenario): Promise<void> {
  const request = httpRequest(`${gateway.url}/v1/images/generations`, {
    method: "POST",
    agent: false,
    headers: { authorization: `Bearer ${gateway.apiKey}`, "content-type": "application/json" },
  });
  const order = { model: "gpt-image-2", prompt: PROMPT, quality: "low", size: "1024x1024", n };
  request.end(JSON.stringify(order));
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

/** A figure of /proc/PID/status, in KiB. */
function status(pid: number, name: "VmRSS" | "VmHWM"): number {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1]);
}

/** From here on VmHWM is the peak since now. */
function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}
