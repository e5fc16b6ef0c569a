import type { Config } from "../config.ts";
import { S3Bucket } from "../results/s3-bucket.ts";
import type { StorePlace } from "../results/store-place.ts";
import { StartError } from "./errors.ts";

/**
 * The bucket that a setting names, closed again through the stack.
 *
 * @throws StartError when the keys of the object store aren't set.
 */
export function openBucket(
  place: Extract<StorePlace, { kind: "s3" }>,
  { setting, s3 }: { readonly setting: string; readonly s3: Config["s3"] },
  stack: AsyncDisposableStack,
): S3Bucket {
  if (s3 === undefined) {
    throw new StartError(
      `${setting} is in an object store: set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY`,
    );
  }
  const bucket = new S3Bucket(s3, place.bucket);
  stack.defer(() => bucket.close());
  return bucket;
}
