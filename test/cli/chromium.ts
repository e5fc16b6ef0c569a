import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A real browser, driven by its own protocol: no other program or package stands between. */

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Where a browser is installed; undefined where none is: tests that need one are skipped and say so. */
export const chromiumPath: string | undefined = PLACES.find((path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
});

/** One page of a browser. */
export type Page = {
  readonly open: (url: string) => Promise<void>;
  /** The value of an expression in the page, waited for. */
  readonly evaluate: <T>(expression: string) => Promise<T>;
  /** Presses and releases a key, as a keyboard does. */
  readonly press: (key: string) => Promise<void>;
  /** Waits until an expression is true in the page. */
  readonly until: (expression: string) => Promise<void>;
  readonly send: (method: string, params?: object) => Promise<Record<string, unknown>>;
  /** Every address that the page asked for. */
  readonly requested: readonly string[];
};

type Message = {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly request?: { readonly url: string } };
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
};

/** Starts a browser without a window; it is gone, with its profile, when its scope ends. */
export async function startChromium(): Promise<{ readonly page: Page } & AsyncDisposable> {
  if (chromiumPath === undefined) throw new Error("no browser is installed");
  const profile = mkdtempSync(join(tmpdir(), "spotmeter-chromium-"));
  const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0"];
  const child = spawn(chromiumPath, [...flags, `--user-data-dir=${profile}`, "about:blank"]);
  const closed = once(child, "close");
  const address = await new Promise<string>((resolve, reject) => {
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const found = /DevTools listening on (ws:\S+)/.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    });
    void closed.then(() => reject(new Error(`the browser ended: ${said}`)));
  });
  const socket = new WebSocket(address);
  await once(socket, "open");
  const page = await attach(socket);
  return {
    page,
    [Symbol.asyncDispose]: async () => {
      socket.close();
      child.kill("SIGKILL");
      await closed;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function attach(socket: WebSocket): Promise<Page> {
  const waiting = new Map<number, (message: Message) => void>();
  const listeners = new Set<(message: Message) => void>();
  let last = 0;
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(String(data)) as Message;
    if (message.id !== undefined) waiting.get(message.id)?.(message);
    else for (const listener of listeners) listener(message);
  });
  const call = async (method: string, params: object, sessionId?: string) => {
    last += 1;
    const id = last;
    const answered = new Promise<Message>((resolve) => waiting.set(id, resolve));
    socket.send(JSON.stringify({ id, method, params, ...(sessionId ? { sessionId } : {}) }));
    const { result, error } = await answered;
    waiting.delete(id);
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  };
  const { targetId } = await call("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await call("Target.attachToTarget", { targetId, flatten: true });
  const send = (method: string, params: object = {}) => call(method, params, String(sessionId));
  await send("Page.enable");
  await send("Network.enable");
  const requested: string[] = [];
  listeners.add(({ method, params }) => {
    if (method === "Network.requestWillBeSent") requested.push(params?.request?.url ?? "");
  });
  const evaluate = async <T>(expression: string): Promise<T> => {
    const asked = { expression, returnByValue: true, awaitPromise: true };
    const { result, exceptionDetails } = await send("Runtime.evaluate", asked);
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { readonly value: T }).value;
  };
  const until = (expression: string) =>
    evaluate<void>(
      `new Promise((resolve) => { const look = () => (${expression}) ? resolve() : setTimeout(look, 5); look(); })`,
    );
  return {
    open: async (url) => {
      const loaded = new Promise<void>((resolve) => {
        const listener = ({ method }: Message) => {
          if (method !== "Page.loadEventFired") return;
          listeners.delete(listener);
          resolve();
        };
        listeners.add(listener);
      });
      await send("Page.navigate", { url });
      await loaded;
    },
    evaluate,
    press: async (key) => {
      const text = key.length === 1 ? { text: key } : {};
      await send("Input.dispatchKeyEvent", { type: "keyDown", key, ...text });
      await send("Input.dispatchKeyEvent", { type: "keyUp", key });
    },
    until,
    send,
    requested,
  };
}
