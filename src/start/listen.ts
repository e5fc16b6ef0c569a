import type { Server } from "node:http";
import { StartError } from "./errors.ts";

/** Starts listening; resolves with the address as a URL. @throws StartError when the port is taken or not allowed. */
export function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      reject(new StartError(whyNot(cause, host, port), { cause }));
    });
    server.listen(port, host, () => {
      const address = server.address();
      const bound = typeof address === "object" && address !== null ? address.port : port;
      const name = host.includes(":") ? `[${host}]` : host;
      resolve(`http://${name}:${bound}`);
    });
  });
}

function whyNot(cause: NodeJS.ErrnoException, host: string, port: number): string {
  switch (cause.code) {
    case "EADDRINUSE":
      return `port ${port} on ${host} is in use: stop what runs there, or set PORT to another one`;
    case "EACCES":
      return `port ${port} on ${host} may not be opened by this user: set PORT to one above 1023`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `HOST=${host} is not an address of this machine`;
    default:
      return `can't listen on ${host}:${port}: ${cause.message}`;
  }
}
