import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { base64Picture } from "../../src/intake/base64-picture.ts";
import { feedBody } from "../../src/intake/feed.ts";
import { readPictureJson } from "../../src/intake/json-body.ts";
import { BODY_MS_MAX, PICTURE_BYTES_MAX, SILENCE_MS_MAX } from "../../src/intake/limits.ts";
import { PictureRoom } from "../../src/intake/picture.ts";
import { RestingQuota } from "../../src/vendors/wire/resting-bytes.ts";
import { bytesOf, cut, requestOf, restingFiles } from "./intake-bench.ts";
import { heavyPng, pngOf } from "./pictures.ts";
import { until } from "./sandbox.ts";

/** Bodies are read at our pace and within bounds; what rests of them is counted, and given back. */

const nothing = (): undefined => undefined;

describe("a body", () => {
  it("is taken one piece at a time, whatever the reader's pace, and is over when the last one is taken", async () => {
    const pieces = cut(Buffer.from("a matte ceramic mug"), [1, 3, 5, 2]);
    const log: string[] = [];
    const request = requestOf("text/plain", pieces);
    await feedBody(
      request,
      async (chunk) => {
        log.push(`${chunk}(`);
        await new Promise(setImmediate);
        log.push(")");
      },
      { code: "invalid_form" },
    );
    expect(log.join("")).toBe(pieces.map((piece) => `${piece}()`).join(""));
  });

  it("that stops is given up, and so is one that takes too long", async () => {
    for (const limits of [{ silenceMsMax: 20 }, { msMax: 20 }]) {
      const request = new IncomingMessage(new Socket());
      request.push("half");
      const feeding = feedBody(request, nothing, { ...limits, code: "invalid_json" });
      await expect(feeding).rejects.toMatchObject({ name: "Refusal", code: "invalid_json" });
      request.destroy();
    }
    expect([SILENCE_MS_MAX, BODY_MS_MAX]).toEqual([20_000, 300_000]);
  });

  it("is not called silent while it waits for our own disk", async () => {
    const request = requestOf("text/plain", [Buffer.from("a")]);
    const slow = () => new Promise<void>((resolve) => setTimeout(resolve, 60));
    await feedBody(request, slow, { silenceMsMax: 20, code: "invalid_form" });
  });

  it("that is cut, before or while it is read, is refused", async () => {
    const gone = new IncomingMessage(new Socket());
    gone.destroy();
    const cutLater = new IncomingMessage(new Socket());
    cutLater.push("half");
    setImmediate(() => cutLater.destroy());
    for (const request of [gone, cutLater]) {
      const feeding = feedBody(request, nothing, { code: "invalid_form" });
      await expect(feeding).rejects.toMatchObject({ code: "invalid_form" });
    }
  });

  it("longer than its limit ends there, and nothing more is taken", async () => {
    const taken: string[] = [];
    const request = requestOf("text/plain", ["abc", "def", "ghi"].map(Buffer.from));
    const take = (chunk: Buffer): undefined => void taken.push(String(chunk));
    const feeding = feedBody(request, take, { bytesMax: 5, code: "invalid_form" });
    await expect(feeding).rejects.toMatchObject({ code: "body_too_large" });
    expect(taken).toEqual(["abc"]);
  });
});

describe("pictures that rest", () => {
  it("take their share of the disk, and give it back with their room", async () => {
    const quota = new RestingQuota(1_000_000);
    {
      using room = new PictureRoom(quota);
      await room.begin("image[0]").write(heavyPng(400_000));
      await room.begin("image[1]").write(heavyPng(400_000));
      expect(quota.bytes).toBe(800_000);
      await expect(room.begin("image[2]").write(heavyPng(400_000))).rejects.toMatchObject({
        name: "Refusal",
        code: "no_room",
        details: { retryAfterSeconds: 5 },
      });
    }
    await until(() => quota.bytes === 0 && restingFiles() === 0);
  });

  it("are at most 49,999,999 bytes each and 200 MiB together", async () => {
    using room = new PictureRoom();
    const tooLarge = { code: "body_too_large" };
    const whole = Buffer.alloc(PICTURE_BYTES_MAX);
    const first = room.begin("image[0]");
    await first.write(whole);
    await expect(first.write(Buffer.alloc(1))).rejects.toMatchObject(tooLarge);
    for (const name of ["image[1]", "image[2]", "image[3]"]) await room.begin(name).write(whole);
    await expect(room.begin("image[4]").write(whole)).rejects.toMatchObject({
      ...tooLarge,
      details: { param: "image[4]", allowed: { bytesTotalMax: 209_715_200 } },
    });
  });

  it("can be read as often as needed, by several at once, until their room is closed", async () => {
    const file = heavyPng(300_000);
    const room = new PictureRoom();
    const picture = room.begin("image[0]");
    for (const piece of cut(file, [1, 70_000, 100_000])) await picture.write(piece);
    const reference = await picture.reference();
    const readings = await Promise.all([bytesOf(reference), bytesOf(reference)]);
    expect(readings.every((bytes) => bytes.equals(file))).toBe(true);
    room[Symbol.dispose]();
    await expect(bytesOf(reference)).rejects.toThrow("disposed");
  });
});

describe("bare base64", () => {
  const file = pngOf({ width: 9 });
  const text = Buffer.from(file.toString("base64"));

  it("in pieces is a picture like any other", async () => {
    using room = new PictureRoom();
    const reference = await base64Picture(cut(text, [1, 2, 3, 30]), "parts[0]", room);
    expect(reference).toMatchObject({ format: "png", width: 9, bytes: file.length });
    expect((await bytesOf(reference)).equals(file)).toBe(true);
  });

  it.each([
    ["broken", Buffer.concat([text, Buffer.from("=")]), "not base64"],
    ["of nothing", Buffer.alloc(0), "it is empty"],
    ["of text", Buffer.from(btoa("a mug")), "text"],
  ])("%s is refused by its name", async (_what, bytes, words) => {
    using room = new PictureRoom();
    await expect(base64Picture([bytes], "parts[0]", room)).rejects.toMatchObject({
      code: "invalid_image",
      message: expect.stringMatching(new RegExp(`^parts\\[0\\]: .*${words}`)),
    });
  });

  it("stands anywhere in a JSON body where its surface says so", async () => {
    using room = new PictureRoom();
    const body = { contents: [{ parts: [{ text: "a" }, { inlineData: { data: String(text) } }] }] };
    const request = requestOf("application/json", cut(Buffer.from(JSON.stringify(body)), [40, 9]));
    const { value, pictures } = await readPictureJson(request, {
      kindAt: (path) => (path.at(-1) === "data" ? "base64" : undefined),
      nameOf: (path, nth) => `${path.at(-2)} ${nth}`,
      room,
    });
    expect(value).toEqual({ contents: [{ parts: [{ text: "a" }, { inlineData: { data: "" } }] }] });
    const [found] = pictures;
    expect(found?.path).toEqual(["contents", null, "parts", null, "inlineData", "data"]);
    if (found?.text.kind !== "picture") throw new Error("no picture");
    expect(await found.text.picture.reference()).toMatchObject({ width: 9 });
  });
});
