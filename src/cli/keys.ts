import type { Command } from "commander";
import { Misuse } from "./failures.ts";
import { withGateway } from "./gateway.ts";
import { type KeyFlags, keyGiven, withKeySettings, withoutKeySettings } from "./key-flags.ts";
import { keysText, keyText } from "./key-text.ts";
import { withLimits } from "./node-flags.ts";
import { openSession } from "./session.ts";
import type { Terminal } from "./terminal.ts";
import { readAnswer } from "./wire.ts";
import { keyAnswer, keysAnswer, newKeyAnswer } from "./wire-admin.ts";

/** `keys create|list|set|revoke`: what callers present, whose money it is, and what it may be spent on. */
export function addKeys(program: Command, terminal: Terminal): void {
  const keys = program.command("keys").description("what callers present, and whose money it is");
  addCreate(keys, terminal);
  addList(keys, terminal);
  addSet(keys, terminal);
  addRevoke(keys, terminal);
}

function addCreate(keys: Command, terminal: Terminal): void {
  const create = keys
    .command("create")
    .description("make a key; it is shown this once")
    .requiredOption("--account <id>", "the account that it spends from")
    .requiredOption("--name <name>", "what to call it");
  withKeySettings(withLimits(create)).action(
    async (flags: KeyFlags & { readonly account: string }, command: Command) => {
      const session = openSession(command, terminal);
      const body = { account_id: flags.account, ...keyGiven(flags) };
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
      terminal.result(list, () => keysText(list.data));
    });
}

function addSet(keys: Command, terminal: Terminal): void {
  const set = keys
    .command("set")
    .description("change what is given; everything else stays")
    .argument("<key-id>")
    .option("--name <name>", "what to call it");
  withoutKeySettings(withKeySettings(withLimits(set))).action(
    async (keyId: string, flags: KeyFlags, command: Command) => {
      const session = openSession(command, terminal);
      const body = keyGiven(flags);
      if (body === undefined) throw new Misuse("nothing to change: --help lists what can be set");
      const path = `/admin/v1/keys/${encodeURIComponent(keyId)}`;
      const answer = await withGateway(session, (gateway) =>
        gateway.administer({ method: "PATCH", path, body }),
      );
      const key = readAnswer(keyAnswer, answer.body);
      terminal.result(key, () => keyText(key));
    },
  );
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
