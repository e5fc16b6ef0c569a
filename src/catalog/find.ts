import { nearestOf } from "../text/nearest.ts";
import type { Model, PriceVersion } from "./schema.ts";

/** Every model that is known, in the order of their ids. Read once at start; never changed afterwards. */
export type Catalog = { readonly models: readonly Model[] };

/**
 * The model of that name: its id, an alias, or either behind `vendor/`. Case matters.
 *
 * Asked for by a dated snapshot that the vendor serves under its own name, the model comes back with
 * that name as its `wireId`: a caller who pins a snapshot gets that snapshot.
 */
export function findModel(catalog: Catalog, name: string): Model | undefined {
  for (const model of catalog.models) {
    const prefix = `${model.vendor}/`;
    const bare = name.startsWith(prefix) ? name.slice(prefix.length) : name;
    if (bare === model.id) return model;
    if (model.snapshots?.includes(bare) === true) return { ...model, wireId: bare };
    if (model.aliases.includes(bare)) return model;
  }
  return undefined;
}

/** The id or alias that looks most like a mistyped name; undefined when nothing comes close. */
export function nearestName(catalog: Catalog, name: string): string | undefined {
  const names = catalog.models.flatMap(({ id, aliases }) => [id, ...aliases]);
  return nearestOf(name.slice(name.indexOf("/") + 1), names);
}

/** The price version in force on a day (`YYYY-MM-DD`); undefined before the first one. */
export function priceAt(model: Model, date: string): PriceVersion | undefined {
  return model.rateCard.findLast(({ effectiveFrom }) => effectiveFrom <= date);
}

/** Whether a model may be called on a day, and what its caller should know about its end. */
export type LifeCycleState = {
  readonly state: "available" | "not_yet" | "retired";
  readonly warnings: readonly string[];
};

/**
 * The life cycle on a day (`YYYY-MM-DD`). A date marked spec, seen or billed refuses; one marked third
 * or guess only warns, because a rumour must not take a working model away.
 */
export function lifeCycleAt(model: Model, date: string): LifeCycleState {
  const { availableFrom, shutdownAt } = model.lifeCycle;
  if (availableFrom !== undefined && date < availableFrom.on) {
    return isFirm(availableFrom)
      ? { state: "not_yet", warnings: [`${model.id} is available from ${availableFrom.on}`] }
      : warned(`${model.id} may not be available before ${said(availableFrom)}`);
  }
  if (shutdownAt !== undefined && date >= shutdownAt.on) {
    const end = `${said(shutdownAt)}${advice(model)}`;
    return isFirm(shutdownAt)
      ? { state: "retired", warnings: [`${model.id} was shut down on ${end}`] }
      : warned(`${model.id} is reported shut down since ${end}`);
  }
  return approachingEnd(model, date);
}

/**
 * Whether somebody says, without the vendor's own word, that a model doesn't answer yet or any more on a day
 * (`YYYY-MM-DD`): it may be ordered by name, with a warning, but nobody should be led to it.
 */
export function isDoubtful(
  { lifeCycle: { availableFrom, shutdownAt } }: Model,
  date: string,
): boolean {
  const notYet = availableFrom !== undefined && date < availableFrom.on;
  const gone = shutdownAt !== undefined && date >= shutdownAt.on;
  return (notYet && !isFirm(availableFrom)) || (gone && !isFirm(shutdownAt));
}

function approachingEnd(model: Model, date: string): LifeCycleState {
  const { deprecatedAt, shutdownAt } = model.lifeCycle;
  const steps: string[] = [];
  if (deprecatedAt !== undefined && date >= deprecatedAt.on) {
    steps.push(`is deprecated since ${said(deprecatedAt)}`);
  }
  if (shutdownAt !== undefined) steps.push(`shuts down on ${said(shutdownAt)}`);
  if (steps.length === 0) return { state: "available", warnings: [] };
  return warned(`${model.id} ${steps.join(" and ")}${advice(model)}`);
}

function advice({ lifeCycle: { replacement } }: Model): string {
  return replacement === undefined ? "" : `; use ${replacement}`;
}

type DatedFact = NonNullable<Model["lifeCycle"]["shutdownAt"]>;

function said(fact: DatedFact): string {
  return isFirm(fact) ? fact.on : `${fact.on} (${fact.mark})`;
}

function isFirm({ mark }: DatedFact): boolean {
  return mark !== "third" && mark !== "guess";
}

function warned(warning: string): LifeCycleState {
  return { state: "available", warnings: [warning] };
}
