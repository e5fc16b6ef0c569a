import { takeOwnerLock } from "../../src/ledger/owner-lock.ts";

/** Takes the owner lock of the home in argument 2, says so, and keeps it until it is killed. */
await takeOwnerLock({ home: process.argv[2] ?? "" });
console.log("owner");
setInterval(() => undefined, 60_000);
