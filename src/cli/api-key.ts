/** An API key; the master key and the run file's token look otherwise. */
const API_KEY = /^sm_(sandbox|live)_/;

/** Whether somebody asks by an API key, and so for its own account alone. */
export function isApiKey(key: string | undefined): boolean {
  return API_KEY.test(key ?? "");
}
