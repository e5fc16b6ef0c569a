/** A start that can't go on, in words for whoever started it: printed as it is. */
export class StartError extends Error {
  override readonly name = "StartError";
}
