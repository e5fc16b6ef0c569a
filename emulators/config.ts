/** How heavy pictures are: `full` has realistic weight and readable text, `small` only the right pixels. */
export type PictureWeight = "full" | "small";

/** What the environment may set for the emulators. Options given to `startEmulator` win. */
export type EmulatorConfig = {
  readonly pictures: PictureWeight;
  /** How long a vendor seems to think before it answers. */
  readonly latencyMs: number;
  /** What wan2.7 makes when `n` is omitted: the vendor's documents disagree (vendors/alibaba.md §0.2, §11, 2026-11-22). */
  readonly wanImagesDefault: number;
};

const LATENCY_MS_DEFAULT = 50;
const LATENCY_MS_MAX = 600_000;

/** Reads the emulators' part of the environment; names every bad variable in one message. */
export function readEmulatorConfig(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): EmulatorConfig {
  const {
    EMULATOR_PICTURES: pictures = "full",
    EMULATOR_LATENCY_MS: latency = String(LATENCY_MS_DEFAULT),
    EMULATOR_WAN_IMAGES_DEFAULT: wanImages = "1",
  } = environment;
  const problems: string[] = [];
  if (pictures !== "full" && pictures !== "small") {
    problems.push(`EMULATOR_PICTURES=${pictures}: full or small`);
  }
  if (!/^\d{1,6}$/.test(latency) || Number(latency) > LATENCY_MS_MAX) {
    problems.push(`EMULATOR_LATENCY_MS=${latency}: a whole number from 0 to ${LATENCY_MS_MAX}`);
  }
  if (wanImages !== "1" && wanImages !== "4") {
    problems.push(`EMULATOR_WAN_IMAGES_DEFAULT=${wanImages}: 1 or 4`);
  }
  if (problems.length > 0) throw new Error(`bad emulator configuration\n${problems.join("\n")}`);
  return {
    pictures: pictures === "small" ? "small" : "full",
    latencyMs: Number(latency),
    wanImagesDefault: Number(wanImages),
  };
}
