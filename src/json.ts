/** A value that can stand in JSON; bigints for those who write integers as strings. */
export type JsonValue =
  | null
  | boolean
  | string
  | number
  | bigint
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };
