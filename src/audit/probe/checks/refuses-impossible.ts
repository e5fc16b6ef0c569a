import { isMade } from "../evidence.ts";
import { type Check, cannotTell, capabilityLaw, consistent, inconsistent } from "./finding.ts";
import { isDropped, wasRefused } from "./honours.ts";

/** What a model can't do is refused, not made in some other way: each is asked with its cheapest order. */
export const refusesImpossible: Check = {
  id: "refuses_impossible",
  needs: ["an answer"],
  law: capabilityLaw("what the model can't do is refused by its vendor"),
  judge: (findings) => {
    const { records } = findings.evidence;
    const asked = records.filter(
      ({ call }) => call.impossible !== undefined && call.impossible !== "mask",
    );
    const made = asked.filter(isMade);
    const unexplained = made.filter(({ call }) => !isDropped(call.impossible ?? "", findings));
    if (unexplained.length > 0) {
      const what = unexplained.map(({ call }) => call.impossible).join(", ");
      return inconsistent(`made a picture although the model can't do it: ${what}`, unexplained);
    }
    const refused = asked.filter(wasRefused);
    if (refused.length === 0) return cannotTell("no impossible order was answered", asked);
    const dropped = made.map(({ call }) => `honours_${call.impossible}`).join(", ");
    const more =
      made.length === 0 ? "" : `; what was accepted is a dropped parameter: see ${dropped}`;
    return consistent(`${refused.length} impossible orders were refused${more}`, asked);
  },
};
