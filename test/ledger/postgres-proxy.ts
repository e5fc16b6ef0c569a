import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** Stands between a ledger and its server. */
export type CuttingProxy = {
  /** The server's URL, through the proxy. */
  readonly url: string;
  /** The next command of this name is let finish; what the server answers is never passed on, and the connection cut. */
  readonly cutAfter: (command: string) => void;
  readonly close: () => Promise<void>;
};

/** Starts a proxy on a port of its own. */
export async function startCuttingProxy(serverUrl: string): Promise<CuttingProxy> {
  const target = new URL(serverUrl);
  const sockets = new Set<Socket>();
  let cut: string | undefined;
  const proxy = createServer((client) => {
    const server = connect(Number(target.port), target.hostname);
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => [client, server].map((each) => each.destroy()));
    }
    let mute = false;
    let finished = "";
    client.on("data", (bytes) => {
      if (cut !== undefined && bytes.includes(cut)) {
        mute = true;
        finished = cut;
        cut = undefined;
      }
      server.write(bytes);
    });
    server.on("data", (bytes) => {
      if (!mute) client.write(bytes);
      else if (bytes.includes(finished)) client.destroy();
    });
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const address = proxy.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const url = new URL(serverUrl);
  url.port = String(address.port);
  return {
    url: url.href,
    cutAfter: (command) => {
      // As both the statement and its answer end.
      cut = `${command}\0`;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await once(proxy, "close");
    },
  };
}
