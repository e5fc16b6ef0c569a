import { type S3Bucket, S3Failure } from "../results/s3-bucket.ts";
import type { OutputStore } from "./port.ts";

/** Outputs as objects of a bucket, which must honour `If-None-Match: *`, as S3 does. */
export function openOutputBucket(bucket: S3Bucket, prefix: string): OutputStore {
  return {
    put: async ({ key, contentType, cacheControl, bytes }) => {
      try {
        await bucket.askText({
          method: "PUT",
          key: `${prefix}${key}`,
          headers: {
            "if-none-match": "*",
            "content-type": contentType,
            ...(cacheControl === undefined ? {} : { "cache-control": cacheControl }),
          },
          body: bytes,
        });
        return "kept";
      } catch (cause) {
        if (cause instanceof S3Failure && cause.status === 412) return "taken";
        throw cause;
      }
    },
  };
}
