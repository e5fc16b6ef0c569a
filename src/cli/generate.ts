import type { Command } from "commander";
import { receiptText } from "./bill-text.ts";
import { Refused } from "./failures.ts";
import { type Gateway, withGateway } from "./gateway.ts";
import { type OrderBody, type OrderFlags, readOrder, withOrder } from "./order.ts";
import { type PictureFile, type Place, preparePlace, writePicture } from "./picture-files.ts";
import { fetchReceipt } from "./receipt.ts";
import { openSession } from "./session.ts";
import { withSpinner } from "./spinner.ts";
import type { Terminal } from "./terminal.ts";
import { imagesAnswer, type Receipt, readAnswer } from "./wire.ts";

type GenerateFlags = OrderFlags & { readonly out: string; readonly name?: string };

/** What was made: the files, and the receipt where it could be fetched. */
type Made = {
  readonly files: readonly PictureFile[];
  readonly total: string;
  readonly receiptId: string;
  readonly receipt: Receipt | undefined;
};

/** `generate PROMPT`: makes pictures, writes them to files and prints the receipt. */
export function addGenerate(program: Command, terminal: Terminal): void {
  withOrder(
    program.command("generate").description("make pictures, write the files, print the receipt"),
  )
    .option("--out <folder>", "where the files go", ".")
    .option("--name <name>", "base name of the files (default: the model's id)")
    .action(async (prompt: string, flags: GenerateFlags, command: Command) => {
      const session = openSession(command, terminal);
      const body = await readOrder(prompt, flags);
      const name = flags.name ?? body.model.replace(/[^\w.-]+/g, "-");
      const place: Place = { folder: flags.out, name };
      await preparePlace(place);
      const made = await withGateway(session, (gateway) =>
        make(gateway, { body, place, terminal }),
      );
      const { files, total, receiptId, receipt } = made;
      const object = { files, total, receipt_id: receiptId, receipt: receipt ?? null };
      terminal.result(object, () => madeText(made, terminal));
    });
}

async function make(
  gateway: Gateway,
  job: {
    readonly body: OrderBody & { readonly model: string };
    readonly place: Place;
    readonly terminal: Terminal;
  },
): Promise<Made> {
  const { body, place, terminal } = job;
  const answer = await withSpinner(`${body.model} is drawing`, () =>
    gateway.call({ method: "POST", path: "/v1/images/generations", body }),
  );
  const { data, usage } = readAnswer(imagesAnswer, answer.body);
  const { receipt_id: receiptId, total } = usage.cost_details;
  const files: PictureFile[] = [];
  for (const { b64_json: base64 } of data) {
    files.push(await writePicture(Buffer.from(base64, "base64"), place, receiptId));
  }
  const receipt = await fetchReceipt(gateway, receiptId).catch((cause: unknown) => {
    if (!(cause instanceof Refused)) throw cause;
    // The pictures are here and paid for; a receipt that can be asked for again is no failure.
    terminal.note(`receipt ${receiptId} can't be shown now: ${cause.message}`);
    return undefined;
  });
  return { files, total, receiptId, receipt };
}

function madeText({ files, total, receiptId, receipt }: Made, terminal: Terminal): string {
  const written = files.map(
    ({ path, width, height, format, bytes }) =>
      `${terminal.style("green", path)}  ${width ?? "?"}x${height ?? "?"} ${format}, ${bytes} bytes`,
  );
  const bill =
    receipt === undefined
      ? `total ${total} USD, receipt ${receiptId}`
      : receiptText(receipt, (text) => terminal.style("bold", text));
  return [...written, "", bill].join("\n");
}
