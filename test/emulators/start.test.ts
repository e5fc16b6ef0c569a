import { describe, expect, it } from "vitest";
import { readEmulatorConfig } from "../../emulators/config.ts";
import { PictureStore } from "../../emulators/picture/picture-store.ts";
import { startEmulator } from "../../emulators/start.ts";
import { at, PROMPT, useEmulator } from "./harness.ts";

describe("configuration", () => {
  it("has defaults, and names every bad variable in one message", () => {
    expect(readEmulatorConfig({})).toEqual({
      pictures: "full",
      latencyMs: 50,
      wanImagesDefault: 1,
    });
    expect(() =>
      readEmulatorConfig({
        EMULATOR_PICTURES: "huge",
        EMULATOR_LATENCY_MS: "-1",
        EMULATOR_WAN_IMAGES_DEFAULT: "2",
      }),
    ).toThrow(
      "EMULATOR_PICTURES=huge: full or small\nEMULATOR_LATENCY_MS=-1: a whole number from 0 to 600000\nEMULATOR_WAN_IMAGES_DEFAULT=2: 1 or 4",
    );
  });
});

describe("starting and closing", () => {
  it("a closed emulator frees its port, open connections included", async () => {
    const first = await startEmulator({ pictures: "small", latencyMs: 0 });
    const port = Number(new URL(first.url).port);
    await fetch(`${first.url}/__calls`);
    await first.close();
    const second = await startEmulator({ port, pictures: "small" });
    expect(second.url).toBe(`http://127.0.0.1:${port}`);
    await expect(startEmulator({ port })).rejects.toThrow("EADDRINUSE");
    await second.close();
  });
});

describe("the call log", () => {
  const emulator = useEmulator();

  it("has every generation submit in order, refused ones too, with long text cut", async () => {
    await emulator.post("/v1/images/generations", { model: "gpt-image-2", prompt: PROMPT });
    await emulator.post("/api/v3/images/generations", { model: "nothing" });
    await emulator.post("/v1beta/models/gemini-2.5-flash-image:generateContent", {
      contents: [{ parts: [{ text: "x".repeat(5000) }] }],
    });
    await emulator.get("/v1/models");
    const calls = await emulator.calls();
    expect(
      calls.map(({ vendor, model, status, images }) => [vendor, model, status, images]),
    ).toEqual([
      ["openai", "gpt-image-2", 200, 1],
      ["byteplus", "nothing", 404, 0],
      ["google", "gemini-2.5-flash-image", 200, 1],
    ]);
    expect(calls[0]).toMatchObject({
      method: "POST",
      path: "/v1/images/generations",
      headers: { auth: "authorization" },
      usage: { output_tokens: 229 },
    });
    expect(String(at(calls[2], "body.contents.0.parts.0.text"))).toHaveLength(2000);
    expect(JSON.stringify(calls)).not.toContain("test-key");
    const cleared = await fetch(`${emulator.url()}/__calls`, { method: "DELETE" });
    expect(cleared.status).toBe(204);
    expect(await emulator.calls()).toEqual([]);
  });

  it("paths that no vendor has are 404", async () => {
    expect((await emulator.get("/v1/chat/completions")).status).toBe(404);
    expect((await emulator.post("/v1/images/variations", {})).status).toBe(404);
  });
});

describe("the picture store", () => {
  it("forgets a picture after 24 hours", () => {
    let nowMs = 1_000;
    const store = new PictureStore(() => nowMs);
    const path = store.put(new Uint8Array([1]), "png");
    expect(path).toMatch(/\?Expires=86401$/);
    const name = path.split("/").at(-1)?.split("?")[0] ?? "";
    expect(store.get(name)?.file).toEqual(new Uint8Array([1]));
    nowMs += 86_400_000;
    expect(store.get(name)).toBe(undefined);
  });
});
