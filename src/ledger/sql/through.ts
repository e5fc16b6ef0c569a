/** A pattern for paths that go through a node: ids hold underscores, which LIKE would take for any letter. */
export function through(node: string): string {
  return `% ${node.replace(/[\\%_]/g, "\\$&")} %`;
}

/** True for calls whose path matches what `through` gives. */
export const PATH_LIKE = "(' ' || path || ' ') LIKE";
