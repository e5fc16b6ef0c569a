import { z } from "zod";

/** Bodies of the admin routes. Every name is listed; another one is refused. */

const usd = z.string().regex(/^\d{1,6}(\.\d{1,12})?$/, "must be a decimal string such as 10.00");
const name = z.string().trim().min(1).max(128);

/** Limits in US dollars; one that is left out does not limit. */
export const limitsBody = z.strictObject({
  day: usd.optional(),
  month: usd.optional(),
  total: usd.optional(),
});

export const accountBody = z.strictObject({
  name,
  prepaid: z.boolean().default(false),
  limits: limitsBody.optional(),
});

export const fundBody = z.strictObject({
  amount: usd,
  /** The caller's own id for this funding: the same id funds once. */
  entry_id: z
    .string()
    .regex(/^[\w-]{8,64}$/)
    .optional(),
});

export const keyBody = z.strictObject({ account_id: z.string().min(1), name });
