import { billingText, sizesText } from "../descriptor.ts";
import type { Measured } from "../measured.ts";
import { type Section, text } from "../report-form.ts";

/** Families at a glance: what the models of the run are, as the gateway described them on that day. */
export function glanceSection({ run }: Measured): Section {
  const ids = new Set(run.cells.map(({ cell }) => cell.model));
  const models = run.models.filter((model) => ids.has(model.id));
  return {
    id: "glance",
    title: "Models at a glance",
    blocks: [
      text("What the catalog says of each model of this run. Nothing in this table was measured."),
      {
        kind: "table",
        id: "glance",
        caption: "Models of this run",
        columns: [
          { name: "model" },
          { name: "vendor" },
          { name: "billing" },
          { name: "quality tiers" },
          { name: "images a call", right: true },
          { name: "references", right: true },
          { name: "sizes" },
          { name: "price version" },
          { name: "mark" },
        ],
        rows: models.map((model) => [
          model.id,
          model.owned_by,
          billingText(model),
          model.capabilities.quality?.tiers.join(" ") ?? "none",
          String(model.capabilities.images_per_call_max),
          String(model.capabilities.references.max),
          sizesText(model),
          model.price?.price_version ?? "none",
          model.price?.mark ?? "-",
        ]),
      },
    ],
  };
}
