import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { afterAll, describe, expect, it } from "vitest";
import { MUG_ORDER, spotmeter, temporaryFolder } from "./spotmeter.ts";

const home = temporaryFolder();
afterAll(() => home[Symbol.dispose]());
const environment = { SPOTMETER_HOME: home.path, SPOTMETER_API_KEY: "sm_sandbox_test" };

async function serving(handler: RequestListener) {
  const server = createServer(handler).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

describe("a gateway that can't be spoken to ends the command with 1", () => {
  it("nobody at --url", async () => {
    let url = "";
    {
      await using gone = await serving(() => undefined);
      url = gone.url;
    }
    const run = await spotmeter(["quote", ...MUG_ORDER, `--url=${url}`, "--json"], environment);
    expect(run.code).toBe(1);
    expect(run.json().error).toMatchObject({ code: "gateway_unreachable", param: null });
    expect(run.json().error.message).toContain(url);
  });

  it("somebody else at SPOTMETER_URL", async () => {
    await using other = await serving((_request, response) => {
      response.writeHead(200, { "content-type": "text/html" }).end("<h1>hello</h1>");
    });
    const run = await spotmeter(["models", "--json"], {
      ...environment,
      SPOTMETER_URL: other.url,
    });
    expect(run.code).toBe(1);
    expect(run.json().error).toMatchObject({ code: "not_a_gateway" });
  });

  it("an answer broken off names the receipt that says what was charged", async () => {
    await using broken = await serving((_request, response) => {
      response.writeHead(200, { "content-type": "application/json", "x-receipt-id": "rcpt_cut" });
      response.write('{"data":[{"b64_json":"AAAA', () => response.destroy());
    });
    const args = ["generate", ...MUG_ORDER, `--out=${home.path}`, `--url=${broken.url}/v1/`];
    const run = await spotmeter([...args, "--json"], environment);
    expect(run.code).toBe(1);
    expect(run.json().error).toMatchObject({
      code: "answer_broken_off",
      receipt_id: "rcpt_cut",
    });
  });

  it("the gateway's own error arrives whole, in JSON and in words", async () => {
    const error = {
      message: "size=1x1: not a size",
      type: "invalid_request_error",
      param: "size",
      code: "unsupported_size",
      allowed: ["1024x1024", "auto"],
      suggested_model: "seedream-4-0",
    };
    await using refusing = await serving((request, response) => {
      expect(request.headers.authorization).toBe("Bearer sm_sandbox_given");
      response.writeHead(400, { "content-type": "application/json" });
      response.end(JSON.stringify({ error }));
    });
    const args = ["quote", ...MUG_ORDER, `--url=${refusing.url}`, "--key=sm_sandbox_given"];
    const json = await spotmeter([...args, "--json"], environment);
    expect(json).toMatchObject({ code: 1, stderr: "" });
    expect(json.json()).toEqual({ error });
    const words = await spotmeter(args, environment);
    expect(words).toMatchObject({ code: 1, stdout: "" });
    expect(words.stderr).toBe(
      "error: size=1x1: not a size\n  allowed: 1024x1024, auto\n" +
        "  the cheapest model that can do it: seedream-4-0\n  code: unsupported_size\n",
    );
  });

  it("keys of this home never go to another address", async () => {
    await using stranger = await serving((_request, response) => response.end("{}"));
    const { SPOTMETER_API_KEY: _, ...withoutKey } = environment;
    const quote = await spotmeter(
      ["quote", ...MUG_ORDER, `--url=${stranger.url}`, "--json"],
      withoutKey,
    );
    expect(quote.code).toBe(2);
    expect(quote.json().error.message).toContain("an API key is needed");
    const accounts = await spotmeter(
      ["accounts", "list", `--url=${stranger.url}`, "--json"],
      environment,
    );
    expect(accounts.code).toBe(2);
    expect(accounts.json().error.message).toContain("the master key is needed");
  });
});
