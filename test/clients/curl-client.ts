import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { heavyPng } from "../gateway/pictures.ts";
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
  RECOLOR,
  type Refused,
  SQUARE,
} from "./cells.ts";

/** curl of the machine, with forms and JSON; it asks for leave (100-continue) before a body above 1 MiB. */

const run = promisify(execFile);

/** Above curl's own threshold, so that nobody has to ask it for the header. */
const HEAVY_PNG = heavyPng(1_200_000);

type Said = { readonly status: number; readonly body: string; readonly talk: string };

/** Starts curl once, with the given pictures as files beside it. */
async function curl(door: Door, path: string, given: readonly string[]): Promise<Said> {
  const folder = mkdtempSync(join(tmpdir(), "spotmeter-curl-"));
  try {
    for (const [name, file] of Object.entries({ mug: HEAVY_PNG, box: BOX_PNG, mask: MASK_PNG })) {
      writeFileSync(join(folder, `${name}.png`), file);
    }
    const key = ["-H", `Authorization: Bearer ${door.apiKey}`];
    const out = ["-sS", "-v", "-w", "\n%{http_code}"];
    const { stdout, stderr } = await run("curl", [...out, ...key, ...given, `${door.url}${path}`], {
      cwd: folder,
      maxBuffer: 64 * 1_024 * 1_024,
    });
    const end = stdout.lastIndexOf("\n");
    return { status: Number(stdout.slice(end)), body: stdout.slice(0, end), talk: stderr };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function json(door: Door, changed: object = {}): Promise<Said> {
  const body = JSON.stringify({ ...LOW, prompt: MUG, ...changed });
  const type = ["-H", "Content-Type: application/json"];
  return curl(door, "/v1/images/generations", ["-N", ...type, "-d", body]);
}

/** Bodies that wait for leave, and bodies that come at once. */
type Way = { readonly asksLeave: boolean };

async function edit(
  door: Door,
  files: readonly string[],
  { asksLeave }: Way,
  more: object = {},
): Promise<Said> {
  const fields = Object.entries({ ...LOW, prompt: RECOLOR, ...more }).map(([name, text]) => [
    "-F",
    `${name}=${text}`,
  ]);
  const pictures = files.map((file) => ["-F", file]);
  const leave = asksLeave ? [] : ["-H", "Expect:"];
  const said = await curl(door, "/v1/images/edits", [
    ...leave,
    ...fields.flat(),
    ...pictures.flat(),
  ]);
  if (/> Expect: 100-continue/i.test(said.talk) !== asksLeave) throw new Error(said.talk);
  if (/< HTTP\/1\.1 100 Continue/.test(said.talk) !== asksLeave) throw new Error(said.talk);
  return said;
}

function made({ status, body }: Said): Made {
  if (status !== 200) throw new Error(body.slice(0, 1_000));
  const { data, usage } = JSON.parse(body);
  const pictures = data.map((item: { readonly b64_json: string }) => fromBase64(item.b64_json));
  return { pictures, cost: costIn(usage), receiptId: usage.cost_details.receipt_id };
}

function streamed({ status, body }: Said): Made {
  if (status !== 200) throw new Error(body.slice(0, 1_000));
  const lines = body.split("\n").filter((line) => line.startsWith("data: "));
  const events = lines.map((line) => JSON.parse(line.slice("data: ".length)));
  const pictures = events.map(({ b64_json }) => fromBase64(b64_json));
  return { pictures, cost: costIn(events.at(-1).usage) };
}

function refused({ status, body }: Said): Refused {
  const { code, message } = JSON.parse(body).error;
  return { status, code, message };
}

function columnOf(client: string, way: Way): Column {
  return {
    client,
    costSeen: "`usage.cost`; headers with `-i`",
    shows: "cost",
    cells: {
      generate: {
        make: async (door) => made(await json(door)),
        usd: LOW_USD.generate,
        pixels: SQUARE,
      },
      edit: {
        make: async (door) => made(await edit(door, ["image=@mug.png"], way)),
        usd: LOW_USD.edit,
        pixels: SQUARE,
      },
      "edit of two": {
        make: async (door) => made(await edit(door, ["image[]=@mug.png", "image[]=@box.png"], way)),
        usd: LOW_USD.editOfTwo,
        pixels: SQUARE,
      },
      mask: {
        make: async (door) => made(await edit(door, ["mask=@mask.png", "image=@mug.png"], way)),
        usd: LOW_USD.edit,
        pixels: SQUARE,
      },
      stream: {
        make: async (door) => streamed(await json(door, { stream: true, partial_images: 1 })),
        usd: LOW_USD.streamWithPartial,
        pixels: SQUARE,
        // The interim one and the last.
        pictures: 2,
      },
      "stream an edit": {
        make: async (door) =>
          streamed(await edit(door, ["image=@mug.png"], way, { stream: true, partial_images: 1 })),
        usd: LOW_USD.editWithPartial,
        pixels: SQUARE,
        pictures: 2,
      },
      "n=2": {
        make: async (door) => made(await json(door, { n: 2 })),
        usd: LOW_USD.two,
        pixels: SQUARE,
        pictures: 2,
      },
      moderation: { refuse: async (door) => refused(await json(door)), ...MODERATION },
      "wrong size": {
        refuse: async (door) => refused(await json(door, { size: "512x512" })),
        status: 400,
        code: "unsupported_size",
        says: "size=512x512",
      },
    },
  };
}

export const curlColumns: readonly Column[] = [
  columnOf("curl, `Expect: 100-continue`", { asksLeave: true }),
  columnOf("curl -H `Expect:`", { asksLeave: false }),
];
