/** A Seedream model's rules. */
export type SeedreamModel = {
  readonly ids: readonly string[];
  /** Size labels and the square that each stands for here; the vendor lets the prompt decide the ratio. */
  readonly labels: Readonly<Record<string, number>>;
  readonly sizeDefault: string;
  /** Free `WxH`: an area band and a ratio, or sides. undefined: labels only. */
  readonly pixels:
    | { readonly rule: "area"; readonly min: number; readonly max: number }
    | { readonly rule: "sides"; readonly min: number; readonly max: number }
    | undefined;
  readonly referencesMin: number;
  readonly referencesMax: number;
  /** `sequential_image_generation` and `stream`; any value of them is a 400 elsewhere. */
  readonly groups: boolean;
  /** `seed` and `guidance_scale` are checked only where they are documented. */
  readonly seeds: boolean;
  /** Values of `optimize_prompt_options.mode`; empty: not a parameter. */
  readonly promptModes: readonly string[];
  readonly choosesFormat: boolean;
  readonly formatDefault: "jpeg" | "png";
  /** `background: transparent`: not at all, for edits of one image only, or always. */
  readonly transparent: "never" | "edit" | "always";
  readonly layers: boolean;
  /** `data[].size` since 4.0; `usage.input_images` and `data[].output_format` on the pixel-tiered ones. */
  readonly reportsSize: boolean;
  readonly reportsInputs: boolean;
};

/** Ratios from 1/16 to 16, and no multiple-of-16 rule: byteplus.md §2. */
export const ASPECT_MAX = 16;

const BASE = {
  labels: {},
  sizeDefault: "2048x2048",
  pixels: undefined,
  referencesMin: 0,
  referencesMax: 0,
  groups: false,
  seeds: false,
  promptModes: [],
  choosesFormat: false,
  formatDefault: "jpeg",
  transparent: "never",
  layers: false,
  reportsSize: true,
  reportsInputs: false,
} as const;

const PRO_LABELS = { "1K": 1_024, "1.5K": 1_536, "2K": 2_048 };
const PRO_AREA = { rule: "area", min: 921_600, max: 4_624_220 } as const;

/** Fields that 5.0-pro, 5.0-flash and 5.5 share: byteplus.md §2. */
const PRO = {
  ...BASE,
  labels: PRO_LABELS,
  sizeDefault: "2K",
  pixels: PRO_AREA,
  referencesMax: 10,
  promptModes: ["standard", "fast"],
  choosesFormat: true,
  layers: true,
};

/**
 * Every Seedream model: byteplus.md §1 and §2 (2026-11-22), BytePlus and Volcengine ids.
 * Where the model card and the reference differ (4.0: 10 or 14 references) the reference counts.
 */
export const SEEDREAM_MODELS: readonly SeedreamModel[] = [
  {
    ...BASE,
    ids: ["seedream-3-0-t2i-250415", "doubao-seedream-3-0-t2i-250415"],
    sizeDefault: "1024x1024",
    pixels: { rule: "sides", min: 512, max: 2_048 },
    seeds: true,
    reportsSize: false,
  },
  {
    ...BASE,
    ids: ["seededit-3-0-i2i-250628", "doubao-seededit-3-0-i2i-250628"],
    sizeDefault: "adaptive",
    referencesMin: 1,
    referencesMax: 1,
    seeds: true,
    reportsSize: false,
  },
  {
    ...BASE,
    ids: ["seedream-4-0-250828", "doubao-seedream-4-0-250828"],
    labels: { "1K": 1_024, "2K": 2_048, "4K": 4_096 },
    pixels: { rule: "area", min: 921_600, max: 16_777_216 },
    referencesMax: 14,
    groups: true,
    promptModes: ["standard", "fast"],
  },
  {
    ...BASE,
    ids: ["seedream-4-5-251128", "doubao-seedream-4-5-251128"],
    labels: { "2K": 2_048, "4K": 4_096 },
    pixels: { rule: "area", min: 3_686_400, max: 16_777_216 },
    referencesMax: 14,
    groups: true,
    promptModes: ["standard"],
  },
  {
    ...BASE,
    ids: [
      "seedream-5-0-260128",
      "seedream-5-0-lite-260128",
      "doubao-seedream-5-0-260128",
      "doubao-seedream-5-0-lite-260128",
    ],
    labels: { "2K": 2_048, "3K": 3_072, "4K": 4_096 },
    pixels: { rule: "area", min: 3_686_400, max: 16_777_216 },
    referencesMax: 14,
    groups: true,
    promptModes: ["standard"],
    choosesFormat: true,
  },
  {
    ...PRO,
    ids: ["dola-seedream-5-0-pro-260628", "doubao-seedream-5-0-pro-260628"],
    transparent: "edit",
    reportsInputs: true,
  },
  {
    // The vendor's prefix is `dola-` [guess]; resellers and the table leave it open.
    ...PRO,
    ids: [
      "dola-seedream-5-0-flash-260915",
      "seedream-5-0-flash-260915",
      "doubao-seedream-5-0-flash-260915",
    ],
    transparent: "always",
  },
  {
    ...PRO,
    ids: ["dola-seedream-5-5-261028", "seedream-5-5-261028", "doubao-seedream-5-5-261028"],
    formatDefault: "png",
    transparent: "always",
    reportsInputs: true,
  },
];

/** The model behind a dated id, or behind an endpoint `ep-<dated id>`, which is ours; bare ids are unknown. */
export function findSeedreamModel(
  name: string,
): { readonly id: string; readonly model: SeedreamModel } | undefined {
  const id = name.startsWith("ep-") ? name.slice(3) : name;
  const model = SEEDREAM_MODELS.find((candidate) => candidate.ids.includes(id));
  return model === undefined ? undefined : { id, model };
}
