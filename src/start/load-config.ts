import { type Config, readConfig, type VendorVariables } from "../config.ts";
import { registrations } from "../vendors/registry.ts";

/** The environment's settings, the registered vendors' variables included. @throws ConfigError */
export function loadConfig(): Config {
  return readConfig(vendorVariables);
}

/** Which variables belong to which vendor. */
export const vendorVariables: readonly VendorVariables[] = registrations.map((each) => ({
  vendor: each.vendor.id,
  keyVariables: each.keyVariables,
  baseUrlVariable: each.baseUrlVariable,
}));
