/** The formats that the emulated vendors are asked for. */
export type PictureFormat = "png" | "jpeg" | "webp";

/** What to draw. Width and height are pixels and come out exactly. */
export type PictureOrder = {
  readonly width: number;
  readonly height: number;
  readonly format: PictureFormat;
  readonly transparent: boolean;
  /** A visible "AI generated" mark in the lower right corner. */
  readonly watermark: boolean;
  /** How the bytes travel: base64 text for JSON bodies, binary for downloads. */
  readonly encoding: "base64" | "binary";
  readonly caption: Caption;
};

/** What is written into the picture, below the word SANDBOX. */
export type Caption = {
  readonly model: string;
  readonly size: string;
  readonly quality: string;
  readonly prompt: string;
};

export type Picture = {
  /** Bytes in the ordered encoding: base64 text is ASCII bytes, ready to be written to a socket. */
  readonly bytes: Uint8Array;
  readonly format: PictureFormat;
};

/** Puts file bytes into the ordered encoding. */
export function encodePicture(file: Uint8Array, encoding: PictureOrder["encoding"]): Uint8Array {
  if (encoding === "binary") return file;
  const view = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  return Buffer.from(view.toString("base64"), "latin1");
}
