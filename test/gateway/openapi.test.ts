import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { apiRoutes } from "../../src/http/api.ts";
import type { ApiDeps } from "../../src/http/api-deps.ts";
import { hotRoute } from "../../src/http/hot-routes.ts";
import { describedRoutes } from "../../src/http/openapi.ts";
import { type Sandbox, startSandbox } from "./sandbox.ts";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());

/** Routes beside hono's. */
const STREAMED = [
  "GET /v1/results/{receipt}/{picture}",
  "PUT /v1/runs/{id}/files/{sha256}",
  "GET /v1/runs/{id}/rows/{row}/images/{index}",
];
const HOT = [
  ...["generations", "edits", "quote", "compare"].map((name) => `POST /v1/images/${name}`),
  ...["v1", "v1beta"].flatMap((version) => [
    `POST /${version}/models/{id}:generateContent`,
    `POST /${version}/models/{id}:streamGenerateContent`,
  ]),
];

const described = describedRoutes.map(({ method, path }) => `${method.toUpperCase()} ${path}`);

/** A route's path as the description says it: parameters in braces, endings without their pattern. */
function describedPath(path: string): string {
  return path
    .replace(/:id(\{\.\+\})?/, "{id}")
    .replace(/:number\{\[\^\/\]\+\\(\.\w+)\}/, "{number}$1")
    .replace(":number", "{number}");
}

describe("the OpenAPI description", () => {
  it("is a 3.1 document of every described route", async () => {
    const { body } = await sandbox.get("/openapi.json");
    expect(body.openapi).toBe("3.1.0");
    const paths = Object.entries(body.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(paths.toSorted()).toEqual(described.toSorted());
  });

  it("names the headers that decide whether an order is the same as an earlier one", async () => {
    const { body } = await sandbox.get("/openapi.json");
    const { parameters } = body.paths["/v1/images/generations"].post;
    expect(parameters).toMatchObject([
      { in: "header", name: "Idempotency-Key", required: false },
      { in: "header", name: "x-spotmeter-adopt", schema: { enum: ["yes", "no"] } },
    ]);
  });

  it("leaves no served route out", () => {
    // Registering routes reads nothing of what they work with.
    const served = apiRoutes({} as ApiDeps)
      .routes.filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method} ${describedPath(path)}`)
      // Without /v1 it is the same route for clients that leave it out.
      .filter((route) => !/^\w+ \/models/.test(route));
    expect([...new Set(served), ...HOT, ...STREAMED].toSorted()).toEqual(described.toSorted());
  });

  it("says that edits and quotes are taken as JSON and as a form, with files in it", async () => {
    const { body } = await sandbox.get("/openapi.json");
    for (const name of ["edits", "quote"]) {
      const { content } = body.paths[`/v1/images/${name}`].post.requestBody;
      expect(Object.keys(content)).toEqual(["application/json", "multipart/form-data"]);
      const { properties } = content["multipart/form-data"].schema;
      expect(properties.image).toMatchObject({ type: "array", maxItems: 16 });
      expect(properties.mask).toEqual({ type: "string", format: "binary" });
      expect(Object.keys(properties)).not.toContain("images");
    }
  });

  it("says how each surface refuses", async () => {
    const { paths } = (await sandbox.get("/openapi.json")).body;
    const refused = (path: string) =>
      paths[path].post.responses.default.content["application/json"].schema.description;
    expect(refused("/v1/images/generations")).toBe("OpenAI's error envelope");
    expect(refused("/v1/models/{id}:generateContent")).toBe("Gemini's error envelope");
  });

  it.each(HOT)("%s is hot", (route) => {
    expect(hotRoute(route.replace("POST ", ""))).toBeDefined();
  });

  it.each(describedRoutes)("$method $path answers", async ({ method, path }) => {
    const response = await fetch(`${sandbox.gateway.url}${path.replace("{id}", "none")}`, {
      method: method.toUpperCase(),
      headers: { authorization: `Bearer ${sandbox.gateway.adminToken}` },
    });
    const text = await response.text();
    expect(text).not.toContain("no such route");
    const isJson = response.headers.get("content-type")?.startsWith("application/json") ?? false;
    if (isJson) expect(() => JSON.parse(text)).not.toThrow();
    else expect(path).toMatch(/\.csv$/);
  });
});
