import type { Command } from "commander";
import { withGateway } from "./gateway.ts";
import { openSession } from "./session.ts";
import { table } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { keyAnswer, keysAnswer, newKeyAnswer, readAnswer } from "./wire.ts";

/** `keys create|list|revoke`: what callers present, and whose account it spends from. */
export function addKeys(program: Command, terminal: Terminal): void {
  const keys = program.command("keys").description("what callers present, and whose money it is");
  addCreate(keys, terminal);
  addList(keys, terminal);
  addRevoke(keys, terminal);
}

function addCreate(keys: Command, terminal: Terminal): void {
  keys
    .command("create")
    .description("make a key; it is shown this once")
    .requiredOption("--account <id>", "the account that it spends from")
    .requiredOption("--name <name>", "what to call it")
    .action(
      async (flags: { readonly account: string; readonly name: string }, command: Command) => {
        const session = openSession(command, terminal);
        const body = { account_id: flags.account, name: flags.name };
        const answer = await withGateway(session, (gateway) =>
          gateway.administer({ method: "POST", path: "/admin/v1/keys", body }),
        );
        const { id, account_id, name, key } = readAnswer(newKeyAnswer, answer.body);
        terminal.result({ id, account_id, name, key }, () =>
          [
            terminal.style("bold", key),
            `key ${id} (${name}) spends from ${account_id}; it is not shown again`,
          ].join("\n"),
        );
      },
    );
}

function addList(keys: Command, terminal: Terminal): void {
  keys
    .command("list")
    .description("every key, never its secret")
    .option("--account <id>", "those of one account")
    .action(async (flags: { readonly account?: string }, command: Command) => {
      const session = openSession(command, terminal);
      const { account } = flags;
      const query = account === undefined ? "" : `?account_id=${encodeURIComponent(account)}`;
      const answer = await withGateway(session, (gateway) =>
        gateway.administer({ method: "GET", path: `/admin/v1/keys${query}` }),
      );
      const list = readAnswer(keysAnswer, answer.body);
      terminal.result(list, () =>
        table(
          [
            { name: "key" },
            { name: "account" },
            { name: "name" },
            { name: "made" },
            { name: "state" },
          ],
          list.data.map((key) => [
            key.id,
            key.account_id,
            key.name,
            new Date(key.created * 1_000).toISOString().slice(0, 10),
            key.revoked ? "revoked" : "good",
          ]),
        ),
      );
    });
}

function addRevoke(keys: Command, terminal: Terminal): void {
  keys
    .command("revoke")
    .description("end a key for ever")
    .argument("<key-id>")
    .action(async (keyId: string, _flags: object, command: Command) => {
      const session = openSession(command, terminal);
      const path = `/admin/v1/keys/${encodeURIComponent(keyId)}`;
      const answer = await withGateway(session, (gateway) =>
        gateway.administer({ method: "DELETE", path }),
      );
      const key = readAnswer(keyAnswer, answer.body);
      terminal.result(key, () => `revoked ${key.id} (${key.name})`);
    });
}
