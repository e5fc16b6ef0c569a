import type { BillFormat } from "../bills/format.ts";
import type { UsageReader } from "../imports/port.ts";
import { alibabaBill } from "./alibaba/bill.ts";
import { alibabaVendor } from "./alibaba/client.ts";
import { byteplusBill } from "./byteplus/bill.ts";
import { byteplusVendor } from "./byteplus/client.ts";
import { googleBill } from "./google/bill.ts";
import { googleVendor } from "./google/client.ts";
import { googleUsageReader } from "./google/usage-export.ts";
import { openaiBill } from "./openai/bill.ts";
import { openaiVendor } from "./openai/client.ts";
import { openaiUsageReader } from "./openai/usage-export.ts";
import type { ImageVendor } from "./port.ts";

/** All that the rest of the gateway knows of a vendor: one entry here, one folder beside. */
export type Registration = {
  readonly vendor: ImageVendor;
  /** How its bills are read, in the order in which they are tried. */
  readonly bills: readonly BillFormat[];
  /** Environment variables that hold its key; the first that is set wins. */
  readonly keyVariables: readonly string[];
  readonly baseUrlVariable: string;
  /** Its public base URL, as its own clients write it. */
  readonly liveBaseUrl: string;
  /** What its base URL ends in behind the emulators' address. */
  readonly emulatorPath: string;
  /** Reads what the vendor tells of past usage; undefined where no export of it is known. */
  readonly usageExport?: UsageReader;
};

export const registrations: readonly Registration[] = [
  {
    vendor: openaiVendor(),
    bills: [openaiBill],
    keyVariables: ["OPENAI_API_KEY"],
    baseUrlVariable: "OPENAI_BASE_URL",
    liveBaseUrl: "https://api.openai.com/v1",
    emulatorPath: "/v1",
    usageExport: openaiUsageReader,
  },
  {
    vendor: googleVendor(),
    bills: [googleBill],
    keyVariables: ["GEMINI_API_KEY", "GOOGLE_API_KEY"],
    baseUrlVariable: "GEMINI_BASE_URL",
    liveBaseUrl: "https://generativelanguage.googleapis.com",
    emulatorPath: "",
    usageExport: googleUsageReader,
  },
  {
    vendor: alibabaVendor(),
    bills: [alibabaBill],
    keyVariables: ["DASHSCOPE_API_KEY"],
    baseUrlVariable: "DASHSCOPE_BASE_URL",
    liveBaseUrl: "https://dashscope-intl.aliyuncs.com",
    emulatorPath: "",
  },
  {
    vendor: byteplusVendor(),
    bills: [byteplusBill],
    keyVariables: ["ARK_API_KEY"],
    baseUrlVariable: "ARK_BASE_URL",
    liveBaseUrl: "https://ark.ap-southeast.bytepluses.com/api/v3",
    emulatorPath: "/api/v3",
  },
];

/** How orders on a vendor's models are estimated; undefined for a vendor that nothing here speaks to. */
export function estimateOf(vendorId: string): ImageVendor["estimate"] | undefined {
  return registrations.find(({ vendor }) => vendor.id === vendorId)?.vendor.estimate;
}
