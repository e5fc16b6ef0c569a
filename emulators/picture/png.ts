import { constants, crc32, deflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** How the samples of a PNG are laid out. Numbers are the format's own colour types. */
export type PngLayout = {
  readonly width: number;
  readonly height: number;
  readonly bitDepth: 1 | 8;
  readonly colourType: 2 | 3 | 6;
  /** Palette and its alpha, for colour type 3 only. */
  readonly palette?: { readonly rgb: Uint8Array; readonly alpha: Uint8Array };
  /** Huffman coding alone is three times as fast and leaves noise as heavy as it is. */
  readonly huffmanOnly: boolean;
};

/**
 * Writes a PNG from filtered scanlines (each begins with its filter byte).
 *
 * A text chunk says SANDBOX in every file, also where nothing can be drawn.
 */
export function writePng(layout: PngLayout, scanlines: Uint8Array): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(layout.width, 0);
  header.writeUInt32BE(layout.height, 4);
  header[8] = layout.bitDepth;
  header[9] = layout.colourType;
  const strategy = layout.huffmanOnly ? constants.Z_HUFFMAN_ONLY : constants.Z_DEFAULT_STRATEGY;
  const { palette } = layout;
  const tables =
    palette === undefined ? [] : [chunk("PLTE", palette.rgb), chunk("tRNS", palette.alpha)];
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    pngText("Software", "Spotmeter emulator, SANDBOX"),
    ...tables,
    chunk("IDAT", deflateSync(scanlines, { level: 1, strategy })),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

/** A text chunk, which viewers show and decoders skip. */
export function pngText(keyword: string, text: string): Buffer {
  return chunk("tEXt", Buffer.from(`${keyword}\0${text}`, "latin1"));
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.byteLength);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
