import { createRequire } from "node:module";
import { createCanvas, GlobalFonts, type SKRSContext2D } from "@napi-rs/canvas";
import type { TextMask } from "./ink.ts";
import type { Caption } from "./picture.ts";

const FAMILY = "SpotmeterEmulator";
/** Text is drawn into a panel no larger than this, so that a 16-megapixel picture costs little more than a small one. */
const PANEL_WIDTH_MAX = 2_048;
const PANEL_HEIGHT_MAX = 1_024;
const PROMPT_LINES_MAX = 12;

/** Registers the font; without one the canvas draws no text at all (stack.md, 2026-11-22). */
export function registerFont(): void {
  const path = createRequire(import.meta.url).resolve(
    "@fontsource/dejavu-sans/files/dejavu-sans-latin-400-normal.woff2",
  );
  if (GlobalFonts.registerFromPath(path, FAMILY) === null) {
    throw new Error(`the canvas does not take the font ${path}`);
  }
}

/** SANDBOX, model, size, quality and the wrapped prompt, in the middle of the picture. */
export function captionMask(width: number, height: number, caption: Caption): TextMask {
  const panelWidth = Math.min(width, PANEL_WIDTH_MAX);
  const panelHeight = Math.min(height, PANEL_HEIGHT_MAX);
  const unit = Math.max(8, Math.floor(Math.min(panelWidth / 16, panelHeight / 14)));
  return drawMask({
    left: Math.floor((width - panelWidth) / 2),
    top: Math.floor((height - panelHeight) / 2),
    width: panelWidth,
    height: panelHeight,
    draw: (context) => {
      context.font = `${unit * 2}px ${FAMILY}`;
      context.fillText("SANDBOX", unit, unit * 2.5);
      context.font = `${unit}px ${FAMILY}`;
      context.fillText(caption.model, unit, unit * 4);
      context.fillText(`${caption.size}  ${caption.quality}`, unit, unit * 5.3);
      const small = Math.max(8, Math.floor(unit * 0.7));
      context.font = `${small}px ${FAMILY}`;
      const lines = wrap(context, caption.prompt, panelWidth - 2 * unit);
      for (const [index, line] of lines.entries()) {
        context.fillText(line, unit, unit * 7 + index * small * 1.3);
      }
    },
  });
}

/** The visible mark of vendors whose `watermark` is on, in the lower right corner. */
export function watermarkMask(width: number, height: number): TextMask {
  const unit = Math.max(8, Math.floor(Math.min(width, height) / 40));
  const markWidth = Math.min(width, unit * 9);
  const markHeight = Math.min(height, unit * 2);
  return drawMask({
    left: width - markWidth,
    top: height - markHeight,
    width: markWidth,
    height: markHeight,
    draw: (context) => {
      context.font = `${unit}px ${FAMILY}`;
      context.fillText("AI generated", unit * 0.5, unit * 1.3);
    },
  });
}

function drawMask(
  box: Omit<TextMask, "coverage"> & { readonly draw: (context: SKRSContext2D) => void },
): TextMask {
  const context = createCanvas(box.width, box.height).getContext("2d");
  context.fillStyle = "#ffffff";
  box.draw(context);
  const samples = context.getImageData(0, 0, box.width, box.height).data;
  const coverage = new Uint8Array(box.width * box.height);
  for (let index = 0; index < coverage.length; index += 1) {
    coverage[index] = samples[index * 4 + 3] ?? 0;
  }
  return { left: box.left, top: box.top, width: box.width, height: box.height, coverage };
}

function wrap(context: SKRSContext2D, text: string, widthMax: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && context.measureText(longer).width > widthMax) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
    if (lines.length === PROMPT_LINES_MAX) return lines;
  }
  return line === "" ? lines : [...lines, line];
}
