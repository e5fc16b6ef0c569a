import { showSetting, withClient } from "./databases.ts";
import { startPostgres } from "./server.ts";

/** Starts a server, says where its data is, and stays until it is killed: its server must not outlive it. */
const [source] = process.argv.slice(2);
if (source !== "local" && source !== "package") throw new Error(`local or package, not ${source}`);
const { adminUrl } = await startPostgres({ source });
console.log(await withClient(adminUrl, (client) => showSetting(client, "data_directory")));
