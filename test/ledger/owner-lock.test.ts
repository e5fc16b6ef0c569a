import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { takeOwnerLock } from "../../src/ledger/owner-lock.ts";
import { newHome } from "./new-home.ts";

const noSleep = () => Promise.resolve();

/** A process that owns a home. */
async function ownerOf(home: string): Promise<ChildProcess> {
  const script = path.join(import.meta.dirname, "owner-child.ts");
  const child = spawn(process.execPath, [script, home], { stdio: ["ignore", "pipe", "inherit"] });
  await once(createInterface({ input: child.stdout }), "line");
  return child;
}

describe("owner lock", () => {
  it("a home has one owner at a time, in one process too", async () => {
    const home = newHome();
    const first = await takeOwnerLock({ home });
    await expect(takeOwnerLock({ home, waitMs: 500, sleep: noSleep })).rejects.toThrow(
      `${home} is in use by another process; waited 500 ms`,
    );
    first.release();
    (await takeOwnerLock({ home, waitMs: 0 })).release();
  });

  it("a second process waits, then refuses naming the owner; kill -9 frees the home", async () => {
    const home = newHome();
    const child = await ownerOf(home);
    const run = { pid: child.pid, address: "http://127.0.0.1:4000", adminToken: "secret" };
    writeFileSync(path.join(home, "run.json"), JSON.stringify(run));
    let slept = 0;
    const sleep = async (ms: number) => {
      slept += ms;
    };
    const refused = takeOwnerLock({ home, sleep });
    await expect(refused).rejects.toThrow(
      `in use by process ${child.pid} at http://127.0.0.1:4000; waited 30000 ms`,
    );
    await expect(refused).rejects.not.toThrow("secret");
    expect(slept).toBe(30_000);
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
    (await takeOwnerLock({ home, waitMs: 0 })).release();
  });

  it("an owner that leaves while somebody waits is followed", async () => {
    const home = newHome();
    const first = await takeOwnerLock({ home });
    const sleep = async () => first.release();
    (await takeOwnerLock({ home, sleep })).release();
  });
});
