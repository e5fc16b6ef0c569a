/** What a report consists of, before it takes the form of a page, a text or a table for a spreadsheet. */

export type Column = { readonly name: string; readonly right?: boolean };

export type TableBlock = {
  readonly kind: "table";
  /** Names it in `tables.csv`; unique in a report. */
  readonly id: string;
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
};

export type PlotBlock = {
  readonly kind: "plot";
  /** Its file is `<id>.svg`. */
  readonly id: string;
  readonly caption: string;
  readonly svg: string;
};

/** The same prompt drawn at each tier, side by side. */
export type ProofBlock = {
  readonly kind: "proof";
  readonly caption: string;
  readonly pictures: readonly {
    readonly title: string;
    /** In the run's folder; null where the picture was not kept. */
    readonly file: string | null;
    readonly facts: readonly string[];
  }[];
};

export type TextBlock = { readonly kind: "text"; readonly text: string };

export type Block = TextBlock | TableBlock | PlotBlock | ProofBlock;

export type Section = {
  readonly id: string;
  readonly title: string;
  readonly blocks: readonly Block[];
};

export type Report = {
  readonly title: string;
  /** Said on every page: what this run can't show. Null for a live run that is whole. */
  readonly banner: string | null;
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly sections: readonly Section[];
};

export function text(words: string): TextBlock {
  return { kind: "text", text: words };
}
