import type { ConnectedVendor } from "../../src/gateway/connected-vendor.ts";
import type { Clock } from "../../src/gateway/connections.ts";
import type { ImageVendor } from "../../src/vendors/port.ts";
import { usd } from "../ledger/fixtures.ts";

/** A vendor that nobody may call. */
const neverCalled: Omit<ImageVendor, "id"> = {
  sendsDrafts: false,
  estimate: () => refuse("estimate"),
  sent: () => refuse("sent"),
  dispatch: () => refuse("dispatch"),
};

function refuse(what: string): never {
  throw new Error(`this test calls no vendor: ${what}`);
}

/** A connection of which only the limits matter: its vendor is never called. */
export function connectedVendor(
  id: string,
  of: {
    readonly vendor?: Partial<ImageVendor> & { readonly id: string };
    readonly imagesPerMinute?: number | undefined;
    readonly concurrent?: number | undefined;
    readonly accounts?: readonly string[];
  } = {},
): ConnectedVendor {
  const vendor = { ...neverCalled, id: "vendor", ...of.vendor };
  return {
    vendor,
    connection: {
      id,
      vendor: vendor.id,
      baseUrl: "http://127.0.0.1:1",
      key: `key of ${id}`,
      loopback: true,
    },
    accounts: of.accounts,
    pace: { imagesPerMinute: of.imagesPerMinute, concurrent: of.concurrent },
    houseLimits: { exposureHour: usd("5") },
  };
}

/** A clock that stands still until a test moves it, and then rings each alarm at its own time. */
export class FakeClock implements Clock {
  #nowMs = 0;
  #alarms: { readonly atMs: number; readonly act: () => void }[] = [];

  readonly nowMs = (): number => this.#nowMs;

  readonly later = (ms: number, act: () => void): (() => void) => {
    const alarm = { atMs: this.#nowMs + ms, act };
    this.#alarms.push(alarm);
    return () => {
      this.#alarms = this.#alarms.filter((each) => each !== alarm);
    };
  };

  get alarms(): number {
    return this.#alarms.length;
  }

  pass(ms: number): void {
    const end = this.#nowMs + ms;
    let next = this.#next(end);
    while (next !== undefined) {
      const due = next;
      this.#alarms = this.#alarms.filter((each) => each !== due);
      this.#nowMs = due.atMs;
      due.act();
      next = this.#next(end);
    }
    this.#nowMs = end;
  }

  #next(endMs: number) {
    return this.#alarms
      .filter(({ atMs }) => atMs <= endMs)
      .toSorted((left, right) => left.atMs - right.atMs)[0];
  }
}
