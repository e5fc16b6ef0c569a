import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, generateImage, generateText, type ImageModel, streamText } from "ai";
import { MUG } from "../gateway/sandbox.ts";
import {
  BOX_PNG,
  type Column,
  costIn,
  type Door,
  LOW,
  LOW_USD,
  MASK_PNG,
  type Made,
  MODERATION,
  MUG_PNG,
  RECOLOR,
  type Refused,
  SQUARE,
  thrownBy,
  versioned,
} from "./cells.ts";

/** Vercel's AI SDK with each of its packages that speaks to one of our surfaces. */

type Asked = Omit<Parameters<typeof generateImage>[0], "model">;

const NO_STREAM = "`generateImage` has no stream in ai 7";
const { size } = LOW;
const one = { images: [MUG_PNG], text: RECOLOR };
const two = { images: [MUG_PNG, BOX_PNG], text: RECOLOR };

function openaiColumn(
  client: string,
  asking: {
    readonly model: (door: Door) => ImageModel;
    readonly providerOptions: NonNullable<Asked["providerOptions"]>;
  },
): Column {
  const { model, providerOptions } = asking;
  const make = async (door: Door, asked: Asked): Promise<Made> => {
    const answer = await generateImage({ model: model(door), size, providerOptions, ...asked });
    const pictures = answer.images.map(({ uint8Array }) => uint8Array);
    return { pictures, receiptId: answer.responses[0]?.headers?.["x-receipt-id"] };
  };
  const refuse = async (door: Door, asked: Asked): Promise<Refused> =>
    refusedBy(await thrownBy(make(door, asked)));
  return {
    client,
    costSeen:
      "header `x-receipt-id` of `responses[0]`, and `GET /v1/receipts/{id}`; `x-cost-usd` where it is known before the body",
    shows: "receipt",
    cells: {
      generate: {
        make: (door) => make(door, { prompt: MUG }),
        usd: LOW_USD.generate,
        pixels: SQUARE,
      },
      edit: { make: (door) => make(door, { prompt: one }), usd: LOW_USD.edit, pixels: SQUARE },
      "edit of two": {
        make: (door) => make(door, { prompt: two }),
        usd: LOW_USD.editOfTwo,
        pixels: SQUARE,
      },
      mask: {
        make: (door) => make(door, { prompt: { ...one, mask: MASK_PNG } }),
        usd: LOW_USD.edit,
        pixels: SQUARE,
      },
      stream: { cannot: NO_STREAM },
      "stream an edit": { cannot: NO_STREAM },
      "n=2": {
        make: (door) => make(door, { prompt: MUG, n: 2 }),
        usd: LOW_USD.two,
        pixels: SQUARE,
        pictures: 2,
      },
      moderation: { refuse: (door) => refuse(door, { prompt: MUG }), ...MODERATION },
      "wrong size": {
        refuse: (door) => refuse(door, { prompt: MUG, size: "512x512" }),
        status: 400,
        code: "unsupported_size",
        says: "size=512x512",
      },
    },
  };
}

/** The client's error of a call that it does not repeat; both surfaces' envelopes. */
function refusedBy(error: unknown): Refused {
  if (!APICallError.isInstance(error)) throw error;
  const { error: said } = JSON.parse(error.responseBody ?? "{}");
  const code = said?.details?.[0]?.metadata?.code ?? said?.code;
  return { status: error.statusCode, code, message: error.message };
}

const google = ({ url, apiKey }: Door) =>
  createGoogleGenerativeAI({ apiKey, baseURL: `${url}/v1beta` });

const FLASH = "gemini-2.5-flash-image";
/** 0.30 USD a million tokens in, 30 a million out. */
const FLASH_USD = {
  // 10 x 0.0000003 + 1,290 x 0.00003
  generate: "0.038703",
  two: "0.077406",
  // (7 + 1,290) x 0.0000003 + 0.0387
  edit: "0.0390891",
  // (7 + 2 x 1,290) x 0.0000003 + 0.0387
  editOfTwo: "0.0394761",
} as const;

const NO_MASK = "Gemini's contract has no mask; send it to `/v1/images/edits`";
const GOOGLE_MODERATION = { status: 400, code: "moderation_blocked", says: "block" };
const WRONG_RATIO = { status: 400, code: "unsupported_size", says: "aspectRatio=1:8" };

async function googleImage(door: Door, asked: Asked): Promise<Made> {
  const answer = await generateImage({ model: google(door).image(FLASH), ...asked });
  const pictures = answer.images.map(({ uint8Array }) => uint8Array);
  const usage = answer.calls.map(({ providerMetadata }) => usageIn(providerMetadata));
  return { pictures, cost: usage.length === 1 ? costIn(usage[0]) : sumOf(usage) };
}

/** Two orders of one application's call: each says its own cost. */
function sumOf(usages: readonly (object | undefined)[]): string | undefined {
  const [first, ...others] = usages.map(costIn);
  if (others.some((cost) => cost !== first)) throw new Error("the orders cost differently");
  return usages.length === 2 && first === FLASH_USD.generate ? FLASH_USD.two : undefined;
}

/** `usageMetadata` passes through the package with every field that it does not know. */
function usageIn(metadata: { readonly [name: string]: unknown } | undefined): object | undefined {
  const { google: said } = { google: undefined, ...metadata };
  if (typeof said !== "object" || said === null || !("usageMetadata" in said)) return undefined;
  const { usageMetadata } = said;
  return typeof usageMetadata === "object" && usageMetadata !== null ? usageMetadata : undefined;
}

const googleImageColumn: Column = {
  client: `${versioned("ai")} + ${versioned("@ai-sdk/google")}, \`generateImage\``,
  costSeen: "`usageMetadata.cost` in `calls[i].providerMetadata.google`",
  shows: "cost",
  cells: {
    generate: {
      make: (door) => googleImage(door, { prompt: MUG, aspectRatio: "1:1" }),
      usd: FLASH_USD.generate,
      pixels: SQUARE,
    },
    edit: {
      make: (door) => googleImage(door, { prompt: one }),
      usd: FLASH_USD.edit,
      pixels: SQUARE,
    },
    "edit of two": {
      make: (door) => googleImage(door, { prompt: two }),
      usd: FLASH_USD.editOfTwo,
      pixels: SQUARE,
    },
    mask: { cannot: NO_MASK },
    stream: { cannot: `${NO_STREAM}; \`streamText\` has` },
    "stream an edit": { cannot: `${NO_STREAM}; \`streamText\` has` },
    "n=2": {
      make: (door) => googleImage(door, { prompt: MUG, n: 2 }),
      usd: FLASH_USD.two,
      pixels: SQUARE,
      pictures: 2,
      // The package asks for one picture a call.
      orders: 2,
    },
    moderation: {
      refuse: async (door) => refusedBy(await thrownBy(googleImage(door, { prompt: MUG }))),
      ...GOOGLE_MODERATION,
    },
    "wrong size": {
      refuse: async (door) =>
        refusedBy(await thrownBy(googleImage(door, { prompt: MUG, aspectRatio: "1:8" }))),
      ...WRONG_RATIO,
    },
  },
};

type Talk = Parameters<typeof generateText>[0];

function talk(door: Door, pictures: readonly Buffer[], aspectRatio: "1:1" | "1:8" = "1:1") {
  const files = pictures.map((data) => ({ type: "file", mediaType: "image/png", data }) as const);
  const text = { type: "text", text: pictures.length === 0 ? MUG : RECOLOR } as const;
  return {
    model: google(door)(FLASH),
    messages: [{ role: "user", content: [text, ...files] }],
    providerOptions: { google: { responseModalities: ["IMAGE"], imageConfig: { aspectRatio } } },
  } satisfies Talk;
}

async function talked(asked: Talk): Promise<Made> {
  const { files, providerMetadata } = await generateText(asked);
  const pictures = files.map(({ uint8Array }) => uint8Array);
  return { pictures, cost: costIn(usageIn(providerMetadata)) };
}

async function streamed(asked: Talk): Promise<Made> {
  const answer = streamText({ ...asked, onError: () => undefined });
  const pictures: Uint8Array[] = [];
  for await (const part of answer.fullStream) {
    if (part.type === "error") throw part.error;
    if (part.type === "file") pictures.push(part.file.uint8Array);
  }
  return { pictures, cost: costIn(usageIn(await answer.providerMetadata)) };
}

const googleTextColumn: Column = {
  client: `${versioned("ai")} + ${versioned("@ai-sdk/google")}, \`generateText\`, \`streamText\``,
  costSeen: "`usageMetadata.cost` in `providerMetadata.google`",
  shows: "cost",
  cells: {
    generate: { make: (door) => talked(talk(door, [])), usd: FLASH_USD.generate, pixels: SQUARE },
    edit: { make: (door) => talked(talk(door, [MUG_PNG])), usd: FLASH_USD.edit, pixels: SQUARE },
    "edit of two": {
      make: (door) => talked(talk(door, [MUG_PNG, BOX_PNG])),
      usd: FLASH_USD.editOfTwo,
      pixels: SQUARE,
    },
    mask: { cannot: NO_MASK },
    stream: { make: (door) => streamed(talk(door, [])), usd: FLASH_USD.generate, pixels: SQUARE },
    "stream an edit": {
      make: (door) => streamed(talk(door, [MUG_PNG])),
      usd: FLASH_USD.edit,
      pixels: SQUARE,
    },
    "n=2": { cannot: "`generateText` reads one candidate and has no way to ask for more" },
    moderation: {
      refuse: async (door) => refusedBy(await thrownBy(talked(talk(door, [])))),
      ...GOOGLE_MODERATION,
    },
    "wrong size": {
      refuse: async (door) => refusedBy(await thrownBy(talked(talk(door, [], "1:8")))),
      ...WRONG_RATIO,
    },
  },
};

export const aiColumns: readonly Column[] = [
  openaiColumn(`${versioned("ai")} + ${versioned("@ai-sdk/openai")}`, {
    model: ({ url, apiKey }) => createOpenAI({ apiKey, baseURL: `${url}/v1` }).image(LOW.model),
    providerOptions: { openai: { quality: "low" } },
  }),
  openaiColumn(`${versioned("ai")} + ${versioned("@ai-sdk/openai-compatible")}`, {
    model: ({ url, apiKey }) =>
      createOpenAICompatible({ name: "spotmeter", apiKey, baseURL: `${url}/v1` }).imageModel(
        LOW.model,
      ),
    providerOptions: { spotmeter: { quality: "low" } },
  }),
  googleImageColumn,
  googleTextColumn,
];
