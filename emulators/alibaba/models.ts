/** The four generation routes: alibaba.md §2. */
export type DashScopeRoute = "sync" | "async-messages" | "async-text" | "async-image";

/** How `parameters.size` is checked: alibaba.md §4. Bands are on the area unless said. */
type SizeRule =
  | {
      readonly rule: "area";
      readonly min: number;
      readonly max: number;
      readonly aspectMax?: number;
    }
  | { readonly rule: "sides"; readonly min: number; readonly max: number }
  | { readonly rule: "fixed"; readonly sizes: readonly string[] }
  | { readonly rule: "none" };

/** Which of the usage shapes the model reports: alibaba.md §5. */
type UsageShape = "count" | "wan" | "qima";

export type DashScopeModel = {
  readonly id: string;
  readonly routes: readonly DashScopeRoute[];
  readonly imagesMax: number;
  /** undefined: the vendor's documents disagree, the configuration decides. */
  readonly imagesDefault: number | undefined;
  readonly referencesMin: number;
  readonly referencesMax: number;
  /** Input pictures: §4, last paragraph. */
  readonly referenceLimits: {
    readonly sideMin: number;
    readonly sideMax: number;
    readonly bytesMax: number;
  };
  readonly size: SizeRule;
  /** Without references; `W*H` or a label. */
  readonly sizeDefault: string;
  /** Labels such as 2K: each is a square of that side for text, the last input's ratio for edits. */
  readonly labels: Readonly<Record<string, number>>;
  readonly usage: UsageShape;
  /** Parameters beyond n, size, seed and watermark. */
  readonly parameters: readonly string[];
  /** One choice for each image (the OpenAPI), or all images in one choice (samples, recordings): §5. */
  readonly packing: "choices" | "content";
  /** qwen-image-max and plus add `output.task_metric`. */
  readonly taskMetric: boolean;
};

const AREA_512_2048: SizeRule = { rule: "area", min: 262_144, max: 4_194_304 };
const PRESETS_1328 = ["1664*928", "1472*1104", "1328*1328", "1104*1472", "928*1664"];
const LABELS_2K = { "1K": 1_024, "2K": 2_048 };

const TEN_MB = 10_485_760;
const QWEN_REFERENCES = { sideMin: 384, sideMax: 3_072, bytesMax: TEN_MB };
/** wan2.7's; for wan2.6-image nothing is published, so it has the same [guess]. */
const WAN_REFERENCES = { sideMin: 240, sideMax: 8_000, bytesMax: 2 * TEN_MB };

const QWEN = {
  routes: ["sync"],
  imagesMax: 6,
  imagesDefault: 1,
  referencesMin: 0,
  referencesMax: 3,
  referenceLimits: QWEN_REFERENCES,
  size: AREA_512_2048,
  sizeDefault: "2048*2048",
  labels: {},
  usage: "count",
  parameters: ["negative_prompt", "prompt_extend"],
  packing: "content",
  taskMetric: false,
} as const;

const QWEN_3 = {
  ...QWEN,
  routes: ["sync", "async-messages"],
  // Omitted, the model chooses; an endpoint was seen to return 2K (llmgateway 3440, 2026-08-06).
  size: { ...AREA_512_2048, aspectMax: 8 },
  usage: "qima",
  parameters: ["negative_prompt", "prompt_extend", "prompt_extend_mode"],
  packing: "choices",
} as const;

const QWEN_ONE = {
  ...QWEN,
  imagesMax: 1,
  referencesMax: 0,
  sizeDefault: "1664*928",
} as const;

const QWEN_PLUS = {
  ...QWEN_ONE,
  routes: ["sync", "async-text"],
  size: { rule: "fixed", sizes: PRESETS_1328 },
  taskMetric: true,
} as const;

const QWEN_EDIT = {
  ...QWEN,
  referencesMin: 1,
  sizeDefault: "1024*1024",
} as const;

const WAN = {
  routes: ["sync", "async-messages"],
  imagesMax: 4,
  imagesDefault: 4,
  referencesMin: 0,
  referencesMax: 0,
  referenceLimits: WAN_REFERENCES,
  sizeDefault: "1280*1280",
  labels: {},
  usage: "wan",
  parameters: ["negative_prompt", "prompt_extend"],
  packing: "content",
  taskMetric: false,
} as const;

const WAN_27 = {
  ...WAN,
  imagesDefault: undefined,
  referencesMax: 9,
  sizeDefault: "2K",
  labels: LABELS_2K,
  size: { rule: "area", min: 589_824, max: 4_194_304, aspectMax: 8 },
  // No prompt_extend, and negative_prompt is absent from the reference: both refused (§3, [guess]).
  parameters: ["thinking_mode", "enable_sequential", "color_palette", "bbox_list"],
} as const;

const WAN_TASK = { ...WAN, routes: ["async-text"], usage: "count" } as const;
const AREA_1280_1440: SizeRule = { rule: "area", min: 1_638_400, max: 2_073_600, aspectMax: 4 };

/** Every image model of vendors/alibaba.md §4 with its snapshots (2026-11-22). */
export const DASHSCOPE_MODELS: readonly DashScopeModel[] = [
  { ...QWEN_3, id: "qwen-image-3.0-pro" },
  { ...QWEN_3, id: "qwen-image-3.0" },
  // Only "up to 10 references" and the route are known of 2.1-pro; the rest is 2.0-pro's [guess].
  { ...QWEN, id: "qwen-image-2.1-pro", referencesMax: 10 },
  ...snapshots("qwen-image-2.0-pro", ["2026-03-03", "2026-04-22", "2026-06-22"], QWEN),
  ...snapshots("qwen-image-2.0", ["2026-03-03", "2026-04-22", "2026-06-22"], QWEN),
  // The newer OpenAPI allows any area beside the five fixed sizes; the emulator follows it (§4).
  ...snapshots("qwen-image-max", ["2025-12-30"], { ...QWEN_ONE, taskMetric: true }),
  ...snapshots("qwen-image-plus", ["2026-01-09"], QWEN_PLUS),
  { ...QWEN_PLUS, id: "qwen-image", taskMetric: false },
  ...snapshots("qwen-image-edit-max", ["2026-01-16"], QWEN_EDIT),
  ...snapshots("qwen-image-edit-plus", ["2025-10-30", "2025-12-15"], QWEN_EDIT),
  { ...QWEN_EDIT, id: "qwen-image-edit", imagesMax: 1, size: { rule: "none" } },
  { ...WAN_27, id: "wan2.7-image-pro", labels: { ...LABELS_2K, "4K": 4_096 } },
  { ...WAN_27, id: "wan2.7-image" },
  { ...WAN, id: "wan2.6-t2i", size: AREA_1280_1440 },
  {
    ...WAN,
    id: "wan2.6-image",
    referencesMin: 1,
    referencesMax: 4,
    sizeDefault: "1K",
    labels: LABELS_2K,
    size: { rule: "area", min: 589_824, max: 4_194_304 },
    parameters: ["negative_prompt", "prompt_extend", "enable_interleave", "max_images"],
  },
  // The vendor's skill shows ASYNC-M for 2.5-t2i, the reference ASYNC-T: the reference counts.
  { ...WAN_TASK, id: "wan2.5-t2i-preview", size: AREA_1280_1440 },
  {
    ...WAN_TASK,
    id: "wan2.5-i2i-preview",
    routes: ["async-image"],
    referencesMin: 1,
    referencesMax: 3,
    referenceLimits: { sideMin: 384, sideMax: 5_000, bytesMax: TEN_MB },
    size: { rule: "area", min: 589_824, max: 1_638_400, aspectMax: 4 },
  },
  ...["wan2.2-t2i-flash", "wan2.2-t2i-plus"].map(sidesModel),
  // Named in §2 and §7 without a contract of their own: 2.2's rules stand in [guess].
  ...["wanx2.1-t2i-turbo", "wanx2.1-t2i-plus", "wanx2.0-t2i-turbo"].map(sidesModel),
  { ...QWEN_ONE, id: "z-image-turbo", sizeDefault: "1024*1536", parameters: ["prompt_extend"] },
];

/** True for the model that may go up to 4096 x 4096 when there are no references (§4). */
export function reaches4k(model: DashScopeModel): boolean {
  return Object.hasOwn(model.labels, "4K");
}

export function findDashScopeModel(id: string): DashScopeModel | undefined {
  return DASHSCOPE_MODELS.find((model) => model.id === id);
}

function snapshots(
  id: string,
  dates: readonly string[],
  rules: Omit<DashScopeModel, "id">,
): DashScopeModel[] {
  return [id, ...dates.map((date) => `${id}-${date}`)].map((name) => ({ ...rules, id: name }));
}

function sidesModel(id: string): DashScopeModel {
  return {
    ...WAN_TASK,
    id,
    size: { rule: "sides", min: 512, max: 1_440 },
    sizeDefault: "1024*1024",
  };
}
