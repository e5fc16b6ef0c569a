import { ApiError, type GenerateContentResponse, GoogleGenAI } from "@google/genai";
import { MUG } from "../gateway/sandbox.ts";
import {
  BOX_PNG,
  type Column,
  costIn,
  type Door,
  fromBase64,
  LOW,
  LOW_USD,
  type Made,
  MODERATION,
  MUG_PNG,
  RECOLOR,
  type Refused,
  SQUARE,
  thrownBy,
  versioned,
} from "./cells.ts";

/** Google's own client, asked for another vendor's picture; genai.test.ts asks it for everybody's. */

function asked(pictures: readonly Buffer[] = [], n = 1, size: string = LOW.size) {
  const parts = pictures.map((file) => ({
    inlineData: { mimeType: "image/png", data: file.toString("base64") },
  }));
  const spotmeter = { quality: LOW.quality, size };
  return {
    model: LOW.model,
    contents: [
      {
        role: "user",
        parts: [{ text: pictures.length === 0 ? MUG : RECOLOR }, ...parts],
      },
    ],
    config: { candidateCount: n, httpOptions: { extraBody: { spotmeter } } },
  };
}

function client({ url, apiKey }: Door): GoogleGenAI {
  return new GoogleGenAI({ apiKey, httpOptions: { baseUrl: url } });
}

function made(answers: readonly GenerateContentResponse[]): Made {
  const parts = answers
    .flatMap(({ candidates }) => candidates ?? [])
    .flatMap(({ content }) => content?.parts ?? []);
  const pictures = parts.flatMap(({ inlineData }) =>
    inlineData === undefined ? [] : [fromBase64(inlineData.data)],
  );
  const last = answers.at(-1);
  return { pictures, cost: costIn(last?.usageMetadata), receiptId: last?.responseId };
}

async function generated(door: Door, order: ReturnType<typeof asked>): Promise<Made> {
  return made([await client(door).models.generateContent(order)]);
}

async function streamed(door: Door, order: ReturnType<typeof asked>): Promise<Made> {
  const chunks: GenerateContentResponse[] = [];
  const stream = await client(door).models.generateContentStream(order);
  for await (const chunk of stream) chunks.push(chunk);
  return made(chunks);
}

async function refused(door: Door, order: ReturnType<typeof asked>): Promise<Refused> {
  const error = await thrownBy(generated(door, order));
  if (!(error instanceof ApiError)) throw error;
  const { error: said } = JSON.parse(error.message);
  const { code } = said.details[0].metadata;
  return { status: error.status, code, message: said.message };
}

export const genaiColumn: Column = {
  client: versioned("@google/genai"),
  costSeen: "`usageMetadata.cost`, `usageMetadata.costDetails`",
  shows: "cost",
  cells: {
    generate: {
      make: (door) => generated(door, asked()),
      usd: LOW_USD.generate,
      pixels: SQUARE,
    },
    edit: {
      make: (door) => generated(door, asked([MUG_PNG])),
      usd: LOW_USD.edit,
      pixels: SQUARE,
    },
    "edit of two": {
      make: (door) => generated(door, asked([MUG_PNG, BOX_PNG])),
      usd: LOW_USD.editOfTwo,
      pixels: SQUARE,
    },
    mask: { cannot: "Gemini's contract has no mask; send it to `/v1/images/edits`" },
    stream: {
      make: (door) => streamed(door, asked()),
      usd: LOW_USD.generate,
      pixels: SQUARE,
    },
    "stream an edit": {
      make: (door) => streamed(door, asked([MUG_PNG])),
      usd: LOW_USD.edit,
      pixels: SQUARE,
    },
    "n=2": {
      make: (door) => generated(door, asked([], 2)),
      usd: LOW_USD.two,
      pixels: SQUARE,
      pictures: 2,
    },
    moderation: { refuse: (door) => refused(door, asked()), ...MODERATION },
    "wrong size": {
      refuse: (door) => refused(door, asked([], 1, "512x512")),
      status: 400,
      code: "unsupported_size",
      says: "size=512x512",
    },
  },
};
