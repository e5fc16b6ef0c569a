import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/**
 * A wire between a client that nobody changed and the gateway.
 *
 * It counts requests, which no client tells, and can add the sandbox's fault header to single ones, which clients
 * can't: a fault that only the first try meets. Every other byte passes as it came.
 */
export type Tap = {
  /** The client's base, without a path. */
  readonly url: string;
  /** Orders so far: what was asked for with POST. */
  readonly requests: () => number;
  /** `x-emulate` of the next requests, one each; "" adds none, and neither does the end of the list. */
  readonly emulate: (...lists: readonly string[]) => void;
  /** The next answer reaches this wire and no further: the client's connection breaks. */
  readonly loseNextAnswer: () => void;
  readonly close: () => Promise<void>;
};

/** Clients write a request's head in one piece, at the start of a piece. */
const HEAD = /^POST \S+ HTTP\/1\.1\r\n/;

/** Opens a wire to the gateway at `gatewayUrl`, on a port of its own. */
export async function openTap(gatewayUrl: string): Promise<Tap> {
  const { hostname, port } = new URL(gatewayUrl);
  const sockets = new Set<Socket>();
  let requests = 0;
  let isLosing = false;
  const waiting: string[] = [];

  const server = createServer((client) => {
    const gateway = connect(Number(port), hostname);
    sockets.add(client).add(gateway);
    const end = (): void => {
      client.destroy();
      gateway.destroy();
    };
    for (const socket of [client, gateway]) {
      socket.setNoDelay(true);
      socket.on("error", end);
      socket.on("close", end);
    }
    client.on("data", (piece: Buffer) => gateway.write(withFault(piece)));
    gateway.on("data", (piece: Buffer) => {
      if (!isLosing) return client.write(piece);
      isLosing = false;
      return end();
    });
  });

  function withFault(piece: Buffer): Buffer {
    const [line] = HEAD.exec(piece.toString("latin1", 0, 2_000)) ?? [];
    if (line === undefined) return piece;
    requests += 1;
    const list = waiting.shift() ?? "";
    if (list === "") return piece;
    const header = Buffer.from(`x-emulate: ${list}\r\n`, "latin1");
    return Buffer.concat([piece.subarray(0, line.length), header, piece.subarray(line.length)]);
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
    emulate: (...lists) => waiting.push(...lists),
    loseNextAnswer: () => {
      isLosing = true;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
