/** What a picture's header says of it. Nothing is decoded: no picture is too large to be measured. */
export type Measures = {
  /** Pixels as stored, at least 1. */
  readonly width: number;
  readonly height: number;
  /** Whether format and header allow see-through pixels. */
  readonly alpha: boolean;
  /** More than one frame or page. */
  readonly animated: boolean;
};

/** Every format that is measured; which of them a model reads is for its gates to say. */
export const pictureFormats = [
  "png",
  "jpeg",
  "webp",
  "gif",
  "bmp",
  "tiff",
  "heic",
  "heif",
  "avif",
] as const;
export type PictureFormat = (typeof pictureFormats)[number];
