import { DallEAPIWrapper } from "@langchain/openai";
import OpenAI, { toFile } from "openai";
import OpenAI6 from "openai6";
import { MUG } from "../gateway/sandbox.ts";
import {
  BOX_PNG,
  type Column,
  costIn,
  type Door,
  fromBase64,
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

/** OpenAI's own package in both majors that are in use, and LangChain's tool on top of it. */

const order = { ...LOW, prompt: MUG } as const;
const edit = { ...LOW, prompt: RECOLOR } as const;

/** Both majors have the same shape for images; 6 is asked through 7's types. */
function columnOf(client: string, open: (door: Door) => OpenAI): Column {
  const picture = (file: Buffer, name: string) => toFile(file, name, { type: "image/png" });
  return {
    client,
    costSeen: "`usage.cost`, `usage.cost_details`",
    shows: "cost",
    cells: {
      generate: {
        make: async (door) => made(await open(door).images.generate(order)),
        usd: LOW_USD.generate,
        pixels: SQUARE,
      },
      edit: {
        make: async (door) => {
          const image = await picture(MUG_PNG, "mug.png");
          return made(await open(door).images.edit({ ...edit, image }));
        },
        usd: LOW_USD.edit,
        pixels: SQUARE,
      },
      "edit of two": {
        make: async (door) => {
          const image = [await picture(MUG_PNG, "mug.png"), await picture(BOX_PNG, "box.png")];
          return made(await open(door).images.edit({ ...edit, image }));
        },
        usd: LOW_USD.editOfTwo,
        pixels: SQUARE,
      },
      mask: {
        make: async (door) => {
          const image = await picture(MUG_PNG, "mug.png");
          const mask = await picture(MASK_PNG, "mask.png");
          return made(await open(door).images.edit({ ...edit, image, mask }));
        },
        usd: LOW_USD.edit,
        pixels: SQUARE,
      },
      stream: {
        make: async (door) =>
          collected(
            await open(door).images.generate({ ...order, stream: true, partial_images: 1 }),
          ),
        usd: LOW_USD.streamWithPartial,
        pixels: SQUARE,
        // The interim one and the last.
        pictures: 2,
      },
      "stream an edit": {
        make: async (door) => {
          const image = await picture(MUG_PNG, "mug.png");
          const asked = { ...edit, image, stream: true, partial_images: 1 } as const;
          return collected(await open(door).images.edit(asked));
        },
        usd: LOW_USD.editWithPartial,
        pixels: SQUARE,
        pictures: 2,
      },
      "n=2": {
        make: async (door) => made(await open(door).images.generate({ ...order, n: 2 })),
        usd: LOW_USD.two,
        pixels: SQUARE,
        pictures: 2,
      },
      moderation: {
        refuse: async (door) => refusedBy(await thrownBy(open(door).images.generate(order))),
        ...MODERATION,
      },
      "wrong size": {
        refuse: async (door) =>
          refusedBy(await thrownBy(open(door).images.generate({ ...order, size: "512x512" }))),
        status: 400,
        code: "unsupported_size",
        says: "size=512x512",
      },
    },
  };
}

type Events = AsyncIterable<OpenAI.ImageGenStreamEvent | OpenAI.ImageEditStreamEvent>;

async function collected(stream: Events): Promise<Made> {
  const pictures: Uint8Array[] = [];
  let cost: string | undefined;
  for await (const event of stream) {
    pictures.push(fromBase64(event.b64_json));
    if ("usage" in event) cost = costIn(event.usage);
  }
  return { pictures, cost };
}

function made(answer: OpenAI.ImagesResponse): Made {
  const pictures = (answer.data ?? []).map(({ b64_json }) => fromBase64(b64_json));
  return { pictures, cost: costIn(answer.usage) };
}

/** Both majors' errors, and those that LangChain lets through, have these fields. */
function refusedBy(error: unknown): Refused {
  if (!(error instanceof OpenAI.APIError) && !(error instanceof OpenAI6.APIError)) throw error;
  return { status: error.status, code: error.code, message: error.message };
}

function openai7({ url, apiKey }: Door): OpenAI {
  return new OpenAI({ apiKey, baseURL: `${url}/v1` });
}

function openai6({ url, apiKey }: Door): OpenAI {
  const client: unknown = new OpenAI6({ apiKey, baseURL: `${url}/v1` });
  return client as OpenAI;
}

const ONLY_GENERATES = "the tool calls `images.generate` with a text and nothing else";

/** `dall-e-3` and `style` are written into the tool: the gateway needs `legacy_aliases`. */
function langchain({ url, apiKey }: Door, changed: { n?: number; size?: "256x256" } = {}) {
  return new DallEAPIWrapper({ apiKey, baseUrl: `${url}/v1`, ...changed });
}

/** The tool's answer is a URL, or a list of them; whoever has one needs no key. */
async function madeByTool(tool: DallEAPIWrapper): Promise<Made> {
  const output: unknown = await tool.invoke(MUG);
  const urls = Array.isArray(output) ? output.map((part) => part.image_url) : [output];
  const bodies = urls.map(
    async (url) => new Uint8Array(await (await fetch(String(url))).arrayBuffer()),
  );
  return { pictures: await Promise.all(bodies) };
}

const langchainColumn: Column = {
  client: `${versioned("@langchain/openai")}, \`DallEAPIWrapper\``,
  costSeen: "– (its answer is the picture's URL alone); `GET /v1/usage`",
  shows: "nothing",
  cells: {
    generate: {
      make: (door) => madeByTool(langchain(door)),
      // `standard` is medium: 21 x 0.000005 + 1,756 x 0.00003
      usd: "0.052785",
      pixels: SQUARE,
    },
    edit: { cannot: ONLY_GENERATES },
    "edit of two": { cannot: ONLY_GENERATES },
    mask: { cannot: ONLY_GENERATES },
    stream: { cannot: ONLY_GENERATES },
    "stream an edit": { cannot: ONLY_GENERATES },
    "n=2": {
      make: (door) => madeByTool(langchain(door, { n: 2 })),
      usd: "0.10557",
      pixels: SQUARE,
      pictures: 2,
      // The tool asks n times for one picture, at once and in the same words.
      orders: 2,
    },
    moderation: {
      refuse: async (door) => refusedBy(await thrownBy(langchain(door).invoke(MUG))),
      ...MODERATION,
    },
    "wrong size": {
      refuse: async (door) =>
        refusedBy(await thrownBy(langchain(door, { size: "256x256" }).invoke(MUG))),
      status: 400,
      code: "unsupported_size",
      says: "size=256x256",
    },
  },
};

export const openaiColumns: readonly Column[] = [
  columnOf(versioned("openai"), openai7),
  columnOf(versioned("openai6"), openai6),
  langchainColumn,
];
