import type { IncomingHttpHeaders } from "node:http";
import type { Answer } from "./answer.ts";
import type { Call, VendorName } from "./call-log.ts";
import type { EmulatorConfig } from "./config.ts";
import type { Faults } from "./faults.ts";
import type { PictureStore } from "./picture/picture-store.ts";
import type { Studio } from "./picture/studio.ts";
import type { Tokenizer } from "./tokens/tokenizer.ts";

/** What every emulated vendor works with. One world a running emulator. */
export type World = {
  readonly config: EmulatorConfig;
  readonly studio: Studio;
  readonly store: PictureStore;
  readonly tokenizer: Tokenizer;
  readonly nowMs: () => number;
};

/** One request, read whole. */
export type Exchange = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The body as JSON; undefined where it is not JSON. */
  readonly json: unknown;
  /** Where the client reached us, for picture URLs: `http://host:port`. */
  readonly origin: string;
  readonly faults: Faults;
  readonly call: Call;
  readonly world: World;
};

/** Something a vendor answers at a path. Only generations take switches and are logged as calls. */
export type Route =
  | {
      readonly kind: "generation";
      readonly vendor: VendorName;
      /** The model that the path names, where it does. */
      readonly model: string | null;
      readonly handle: (exchange: Exchange) => Promise<Answer>;
      /** A 400 in the vendor's own envelope. */
      readonly refuse: (message: string) => Answer;
    }
  | {
      readonly kind: "poll" | "other";
      readonly handle: (exchange: Exchange) => Promise<Answer> | Answer;
    };

/** Finds what a vendor serves at a method and path; undefined when it is not one of the vendor's paths. */
export type Router = (method: string, path: string) => Route | undefined;

/** The key of an `Authorization: Bearer` header; undefined when there is none. */
export function bearerKey(headers: IncomingHttpHeaders): string | undefined {
  const key = /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? "")?.[1];
  return key === undefined || key === "" ? undefined : key;
}

/** Keys that begin so are refused by every emulator, as a wrong key is by the vendor. */
export function isBadKey(key: string): boolean {
  return key.startsWith("bad");
}
