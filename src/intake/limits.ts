/** The gateway's own bounds on what a request may bring. Every model's are tighter and are gates. */

/** Of one picture: the largest that any model of the catalog takes. */
export const PICTURE_BYTES_MAX = 49_999_999;
/** Of a body on the wire; of all pictures of one request together, fetched ones included. */
export const BODY_BYTES_MAX = 200 * 1024 * 1024;
/** References in one request; a mask comes on top. */
export const REFERENCES_MAX = 16;
/** Of one data URL, in characters. */
export const DATA_URL_CHARACTERS_MAX = 20_971_520;
/** Of a URL that is to be fetched. */
export const URL_CHARACTERS_MAX = 8_192;
/** What JSON may hold beside its pictures. */
export const JSON_BYTES_MAX = 1024 * 1024;
/** Form fields that are no pictures. */
export const FIELDS_MAX = 64;
/** Of one such field. */
export const FIELD_BYTES_MAX = 128 * 1024;

/** A whole body must arrive within this time. */
export const BODY_MS_MAX = 300_000;
/** A client that sends nothing for so long is given up. */
export const SILENCE_MS_MAX = 20_000;

/** How a URL in a request is fetched: whoever waits for the answer waits for it too, so few tries and short ones. */
export const FETCH_LIMITS = {
  bytesMax: PICTURE_BYTES_MAX,
  timeoutMs: 20_000,
  silenceMs: 10_000,
  tries: 2,
  pauseMs: 250,
  redirects: 3,
} as const;
/** URLs of one request that are fetched at a time. */
export const FETCHES_AT_ONCE = 4;
