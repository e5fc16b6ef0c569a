import { z } from "zod";

/** Bodies of the admin routes, in our own words. Every name is listed; another one is refused. */

const usd = z.string().regex(/^\d{1,6}(\.\d{1,12})?$/, "must be a decimal string such as 10.00");

/** A text that a store keeps as it is. */
function text(charactersMax: number) {
  return z
    .string()
    .max(charactersMax)
    .refine((value) => !/\p{Surrogate}|\0/u.test(value), "holds half a character or a NUL");
}

const name = text(128).trim().min(1);
const id = text(128).min(1);
/** The caller's own id for a posting: the same id posts once. */
const entryId = z
  .string()
  .regex(/^[\w-]{8,64}$/, "must be 8 to 64 letters, digits, _ or -")
  .optional();

/** Limits in US dollars, by UTC day, UTC month and for ever; one that is left out does not limit. */
export const limitsBody = z.strictObject({
  day: usd.exactOptional(),
  month: usd.exactOptional(),
  total: usd.exactOptional(),
});
export type LimitsBody = z.infer<typeof limitsBody>;
const limitsChange = z.strictObject({
  day: usd.nullish(),
  month: usd.nullish(),
  total: usd.nullish(),
});

const word = text(64).min(1);
const autoAs = some({ quality: word.exactOptional(), size: word.exactOptional() });
const autoAsChange = z.strictObject({ quality: word.nullish(), size: word.nullish() });

const basisPoints = z.int().min(0).max(100_000).describe("Hundredths of a percent");
const fixed = usd.describe("US dollars a request");
const margin = some({ basis_points: basisPoints.exactOptional(), fixed: fixed.exactOptional() });
const marginChange = z.strictObject({
  basis_points: basisPoints.nullish(),
  fixed: fixed.nullish(),
});

const houseLimits = some({
  exposure_per_hour: usd.exactOptional(),
  vendor_cost_per_day: usd.exactOptional(),
  vendor_cost_per_month: usd.exactOptional(),
});
const houseLimitsChange = z.strictObject({
  exposure_per_hour: usd.nullish(),
  vendor_cost_per_day: usd.nullish(),
  vendor_cost_per_month: usd.nullish(),
});

const perMinute = z.int().min(1).max(1_000_000);
const rateLimit = some({
  requests_per_minute: perMinute.exactOptional(),
  images_per_minute: perMinute.exactOptional(),
});
const rateLimitChange = z.strictObject({
  requests_per_minute: perMinute.nullish(),
  images_per_minute: perMinute.nullish(),
});

const TAGS_MAX = 16;
const tagName = text(64).min(1);
const tagValue = text(256);
const tags = z
  .record(tagName, tagValue)
  .refine((given) => Object.keys(given).length <= TAGS_MAX, `at most ${TAGS_MAX} tags`);

const allowedModels = z.array(text(128).min(1)).min(1).max(100);
const expiresAt = z.iso
  .datetime({ offset: true, error: "must be an ISO date-time such as 2027-01-31T00:00:00Z" })
  .refine((value) => Date.parse(value) > 0, "must be after 1970");

const retain = z
  .literal("none")
  .describe("none: no answer of this account, and of those below it, is kept to be given again");

/** What may be set at an account beside its limits. */
const accountSettings = {
  auto_as: autoAs.exactOptional(),
  margin: margin.exactOptional(),
  house_limits: houseLimits.exactOptional(),
  retain: retain.exactOptional(),
};
/** What may be set at a key beside its limits. */
const keySettings = {
  auto_as: autoAs.exactOptional(),
  allowed_models: allowedModels.exactOptional(),
  tags: tags.exactOptional(),
  expires_at: expiresAt.exactOptional(),
  rate_limit: rateLimit.exactOptional(),
};

/** Everything that an owner can set at a node, whole. */
export const settingsBody = z.strictObject({ ...accountSettings, ...keySettings });
export type SettingsBody = z.infer<typeof settingsBody>;

export const accountBody = z.strictObject({
  name,
  parent_id: id.nullish().describe("Left out or null: a root"),
  prepaid: z.boolean().default(false).describe("Roots only"),
  limits: limitsBody.optional(),
  ...accountSettings,
});

const change = "A JSON merge patch: null takes away, what is left out stays";

export const accountChange = z
  .strictObject({
    name: name.optional(),
    limits: limitsChange.nullish(),
    auto_as: autoAsChange.nullish(),
    margin: marginChange.nullish(),
    house_limits: houseLimitsChange.nullish(),
    retain: retain.nullish(),
  })
  .describe(change);

export const keyBody = z.strictObject({
  account_id: id,
  name,
  limits: limitsBody.optional(),
  ...keySettings,
});

export const keyChange = z
  .strictObject({
    name: name.optional(),
    limits: limitsChange.nullish(),
    auto_as: autoAsChange.nullish(),
    allowed_models: allowedModels.nullish(),
    tags: z.record(tagName, tagValue.nullable()).nullish(),
    expires_at: expiresAt.nullish(),
    rate_limit: rateLimitChange.nullish(),
  })
  .describe(change);

export type LimitsChangeBody = z.infer<typeof limitsChange>;
/** A change of settings as it is sent: names that are there are changed. */
export type SettingsChangeBody = Omit<
  z.infer<typeof accountChange> & z.infer<typeof keyChange>,
  "name" | "limits"
>;

export const moveBody = z.strictObject({ parent_id: id });

export const fundBody = z.strictObject({ amount: usd, entry_id: entryId });

const reason = text(500).trim().min(1);

export const correctionBody = z.strictObject({
  corrects: id.describe("The id of the entry: <receipt>.end, .cost, .late, .exposure or a funding"),
  amount: usd.describe("What it should have been"),
  reason,
  entry_id: entryId,
});

export const closeBody = z.strictObject({
  billed: usd.describe("What the vendor billed; 0: nothing"),
  reason,
  entry_id: entryId,
});

/** Which part of a list: newest first, after the one that `before` names. */
export const pageQuery = z.strictObject({
  account_id: id.optional(),
  limit: z
    .string()
    .regex(/^([1-9]\d{0,2}|1000)$/, "must be from 1 to 1000")
    .default("100")
    .transform(Number),
  before: id.optional(),
});

export const exposuresQuery = pageQuery.extend({
  open: z.enum(["true", "false"]).default("true").describe("false: the closed ones too"),
});

/** A UTC month. */
const month = z.string().regex(/^20\d{2}-(0[1-9]|1[0-2])$/, "must be YYYY-MM, such as 2026-11");

export const statementBody = z.strictObject({ month });
export const statementsQuery = pageQuery.omit({ account_id: true });
/** Asked for where a draft is: an issued statement's number says its month. */
export const draftQuery = z.strictObject({ month });

export const accountsQuery = z.strictObject({ below: id.optional() });
export const keysQuery = z.strictObject({ account_id: id.optional() });

/** An object that says something: setting nothing is a slip. */
function some<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const names = Object.keys(shape).join(", ");
  return z
    .strictObject(shape)
    .refine((given) => Object.keys(given).length > 0, `names none of ${names}`);
}

const priceVersionId = z.string().min(1).max(128);

/** Billing again by a corrected price version; without `apply` nothing is posted. */
export const repriceBody = z.strictObject({
  from: priceVersionId.describe("the wrong version, as receipts name it"),
  to: priceVersionId.describe("the corrected version, in the catalog or spotmeter.yaml"),
  since: z.iso
    .date({ error: "must be a day, YYYY-MM-DD" })
    .optional()
    .describe("first UTC day of the orders"),
  account_id: z.string().min(1).optional().describe("this account and all below it only"),
  apply: z.boolean().default(false).describe("post the corrections"),
});

/** Files of one bill: a month of rows by the hour, of every project, is far below it. */
const BILL_BYTES_MAX = 64 * 1024 * 1024;
/** As JSON with the bytes in base64. */
export const RECONCILIATION_BYTES_MAX = Math.ceil((BILL_BYTES_MAX * 4) / 3) + 64 * 1024;

const day = z.iso.date({ error: "must be a day, YYYY-MM-DD" });

export const reconciliationBody = z.strictObject({
  connection: id.describe("whose bill it is: a connection of this gateway"),
  files: z
    .array(
      z.strictObject({
        name: text(256).min(1),
        content: z.base64("must be the file's bytes in base64"),
      }),
    )
    .min(1)
    .max(100),
  format: text(64).optional().describe("the reader; left out, the first that knows the file"),
  map: text(2_000).optional().describe("day=Date,amount=Cost,…: reads any table"),
  encoding: text(32).optional().describe("such as gb18030; left out, found out"),
  time_zone: text(64).optional().describe("IANA name; left out, the vendor's"),
  from: day.optional().describe("first day, of the vendor's zone; left out, the bill's"),
  to: day.optional(),
  discount: z
    .string()
    .regex(/^(\d{1,2}(\.\d{1,4})?%|0?\.\d{1,6}|0)$/, "must be below 1, such as 10% or 0.1")
    .optional()
    .describe("what the vendor takes off its list price, for the whole of this bill"),
  projects: z.array(id).max(100).optional().describe("only these projects or keys are ours"),
  apply: z.boolean().default(false).describe("post the corrections"),
});

export const reconciliationsQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});
