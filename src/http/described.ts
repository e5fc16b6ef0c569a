import type { z } from "zod";

/** A route as the OpenAPI description tells of it. */
export type Described = {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  readonly path: string;
  readonly summary: string;
  readonly body?: z.ZodType;
  /** The same as a multipart form, where one is taken. */
  readonly form?: z.ZodType;
  /** A body of lines of JSON, each like this. */
  readonly lines?: z.ZodType;
  /** A body of bytes. */
  readonly bytes?: true;
  readonly headers?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly answer: z.ZodType;
  /** What the answer is, where it isn't JSON. */
  readonly media?: "text/csv" | "text/html";
  /** OpenAI's error envelope unless it says otherwise. */
  readonly refusal?: z.ZodType;
  /** 200 unless it says otherwise. */
  readonly status?: 200 | 201;
  /** Answers without a key. */
  readonly open?: boolean;
};
