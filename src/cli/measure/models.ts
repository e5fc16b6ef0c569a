import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadCatalog, loadClaims } from "../../catalog/load.ts";
import { type Descriptor, descriptorsSchema } from "../../measure/descriptor.ts";
import type { Published } from "../../measure/sections/claims.ts";
import { parseStandard, type Standard } from "../../measure/standard.ts";
import { packageFolder } from "../../start/package.ts";
import type { Gateway } from "../gateway.ts";
import { readAnswer } from "../wire.ts";

/** The gateway's models, and in which world it lives. */
export type Described = {
  readonly models: readonly Descriptor[];
  readonly emulated: boolean;
  readonly asOf: string;
};

export async function describeModels(gateway: Gateway): Promise<Described> {
  const answer = await gateway.call({ method: "GET", path: "/v1/models" });
  const { data } = readAnswer(descriptorsSchema, answer.body);
  return {
    models: data,
    emulated: answer.headers["x-spotmeter-sandbox"] === "true",
    asOf: data[0]?.as_of ?? new Date().toISOString().slice(0, 10),
  };
}

/** What this package measures by default. */
export function standardOfPackage(): Standard {
  return parseStandard(readFileSync(join(packageFolder, "catalog", "measure.json"), "utf8"));
}

/** The published sentences that a report judges, checked against the shipped catalog. */
export function publishedOfPackage(): Published {
  const folder = join(packageFolder, "catalog");
  const catalog = loadCatalog({ folder: join(folder, "models") });
  const claims = loadClaims(join(folder, "claims.json"), catalog);
  return { claims, standard: standardOfPackage() };
}
