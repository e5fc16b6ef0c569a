/** What the gateway lies about. Honest: all off. */
export type Lies = {
  readonly acceptsAnything: boolean;
  /** Parameters that never reach the vendor. */
  readonly drops: readonly string[];
  readonly nOnce: boolean;
  readonly offLaw: boolean;
  readonly cacheDiscount: boolean;
  readonly imageAtTextRate: boolean;
  readonly chargesFailed: boolean;
  readonly chargesTwice: boolean;
  readonly leaksUrl: boolean;
  readonly otherModel: boolean;
};

const SWITCHES = {
  "accepts-anything": "acceptsAnything",
  "n-once": "nOnce",
  "off-law": "offLaw",
  "cache-discount": "cacheDiscount",
  "image-at-text-rate": "imageAtTextRate",
  "charges-failed": "chargesFailed",
  "charges-twice": "chargesTwice",
  "leaks-url": "leaksUrl",
  "other-model": "otherModel",
} as const satisfies Readonly<Record<string, keyof Lies>>;

/** As they are written, in the order of the README. */
const LIES: readonly string[] = [...Object.keys(SWITCHES), "drops=PARAM"];

const HONEST: Lies = {
  acceptsAnything: false,
  drops: [],
  nOnce: false,
  offLaw: false,
  cacheDiscount: false,
  imageAtTextRate: false,
  chargesFailed: false,
  chargesTwice: false,
  leaksUrl: false,
  otherModel: false,
};

/** Reads lies as they are written on a command line. @throws Error that names the first unknown one. */
export function readLies(names: readonly string[]): Lies {
  let lies = HONEST;
  for (const name of names) {
    const dropped = /^drops=(\w+)$/.exec(name)?.[1];
    if (dropped !== undefined) lies = { ...lies, drops: [...lies.drops, dropped] };
    else if (isSwitch(name)) lies = { ...lies, [SWITCHES[name]]: true };
    else throw new Error(`--lie ${name}: not known; there are ${LIES.join(", ")}`);
  }
  return lies;
}

function isSwitch(name: string): name is keyof typeof SWITCHES {
  return Object.hasOwn(SWITCHES, name);
}
