import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { Refused, refused } from "./failures.ts";

/** Writing what was paid for: a disk that says no is a refusal that says what of it is whole. */

const FULL = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** A file to which lines of JSON are appended, each on the disk before `append` returns. */
export type LineFile = {
  /** @param about of what would be lost with it, for people. @throws Refused `disk_full` or `not_written` */
  readonly append: (record: object, about?: string) => void;
  readonly close: () => void;
};

/** @param advice what somebody should know whose disk says no. */
export function openLineFile(file: string, advice: string): LineFile {
  const descriptor = openSync(file, "a");
  return {
    append: (record, about = "") => {
      try {
        const line = Buffer.from(`${JSON.stringify(record)}\n`);
        let written = 0;
        while (written < line.length) written += writeSync(descriptor, line, written);
        fsyncSync(descriptor);
      } catch (cause) {
        throw diskRefusal(file, `${about}${advice}`, cause);
      }
    },
    close: () => closeSync(descriptor),
  };
}

/** Works on a file. @throws Refused `disk_full` or `not_written` */
export async function onDisk<T>(file: string, advice: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw diskRefusal(file, advice, cause);
  }
}

/** Whether it is a refusal of the disk. */
export function isDiskRefusal(cause: unknown): cause is Refused {
  const codes: readonly (string | null)[] = ["disk_full", "not_written"];
  return cause instanceof Refused && codes.includes(cause.said.code);
}

function diskRefusal(file: string, advice: string, cause: unknown): Refused {
  const errorCode =
    cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : "";
  const full = FULL.has(errorCode);
  const why = full ? "the disk is full" : cause instanceof Error ? cause.message : String(cause);
  return refused(
    full ? "disk_full" : "not_written",
    `${file} can't be written: ${why}.${advice === "" ? "" : ` ${advice}`}`,
    { cause },
  );
}
