import type {
  Account,
  ApiKey,
  AutoAs,
  Credits,
  KeyPolicy,
  Limits,
  NodeSettings,
} from "../accounts-port.ts";
import type { CounterRow, NodeRow, RootRow } from "../engine/rows.ts";
import { NOTHING_USED, tightestRoom, type Used } from "../limits.ts";
import { settingsIn } from "../settings-text.ts";
import { TOTAL_WINDOW, windowsAt } from "../windows.ts";
import { counterRow, nodeRow, rootRow } from "./decode.ts";
import { type Query, type Reading, rowsOf } from "./rows.ts";

/** Reads accounts and keys with what the nodes above them say. */

/** A node and all above it. */
const PATH = `WITH RECURSIVE path AS (
    SELECT * FROM nodes WHERE id = ?1
    UNION ALL
    SELECT nodes.* FROM nodes JOIN path ON nodes.root = path.root AND nodes.id = path.parent)`;

const ACCOUNTS = "SELECT * FROM nodes WHERE kind = 'account' ORDER BY created_ms, id";
const COUNTERS = "SELECT * FROM counters WHERE period IN (?1, ?2, ?3)";

/** Every account of a snapshot, by id, with what is needed to tell its credits. */
type Books = {
  readonly nodes: ReadonlyMap<string, NodeRow>;
  readonly roots: ReadonlyMap<string, RootRow>;
  /** By `node window`. */
  readonly counters: ReadonlyMap<string, CounterRow>;
  readonly nowMs: number;
};

/** @param nowMs by the store's clock: decides which windows are open. */
export async function readAccount(
  query: Query,
  accountId: string,
  nowMs: number,
): Promise<Account | undefined> {
  const { day, month } = windowsAt(nowMs);
  const books = await booksOf(query, nowMs, [
    { sql: `${PATH} SELECT * FROM path`, parameters: [accountId] },
    {
      sql: `${PATH} SELECT counters.* FROM counters
        JOIN path ON counters.root = path.root AND counters.node = path.id
        WHERE counters.period IN (?2, ?3, ?4)`,
      parameters: [accountId, day, month, TOTAL_WINDOW],
    },
    {
      sql: "SELECT roots.* FROM roots JOIN nodes ON nodes.root = roots.root WHERE nodes.id = ?1",
      parameters: [accountId],
    },
  ]);
  const node = books.nodes.get(accountId);
  return node?.kind === "account" ? accountOf(node, books) : undefined;
}

/** Parents before children, then by age. */
export async function readAccounts(
  query: Query,
  below: string | undefined,
  nowMs: number,
): Promise<readonly Account[]> {
  const { day, month } = windowsAt(nowMs);
  const books = await booksOf(query, nowMs, [
    { sql: ACCOUNTS, parameters: [] },
    { sql: COUNTERS, parameters: [day, month, TOTAL_WINDOW] },
    { sql: "SELECT * FROM roots", parameters: [] },
  ]);
  const children = new Map<string | null, NodeRow[]>();
  for (const node of books.nodes.values()) {
    const siblings = children.get(node.parent) ?? [];
    siblings.push(node);
    children.set(node.parent, siblings);
  }
  const listed: Account[] = [];
  const list = (node: NodeRow): void => {
    listed.push(accountOf(node, books));
    for (const child of children.get(node.id) ?? []) list(child);
  };
  const top = below === undefined ? undefined : books.nodes.get(below);
  const tops = below === undefined ? (children.get(null) ?? []) : top === undefined ? [] : [top];
  for (const node of tops) list(node);
  return listed;
}

async function booksOf(
  query: Query,
  nowMs: number,
  readings: readonly [Reading, Reading, Reading],
): Promise<Books> {
  const [nodes = [], counters = [], roots = []] = await query(readings);
  return {
    nodes: new Map(nodes.map(nodeRow).map((node) => [node.id, node])),
    counters: new Map(
      counters.map(counterRow).map((counter) => [`${counter.node} ${counter.window}`, counter]),
    ),
    roots: new Map(roots.map(rootRow).map((root) => [root.root, root])),
    nowMs,
  };
}

function accountOf(node: NodeRow, books: Books): Account {
  return {
    id: node.id,
    rootId: node.root,
    parentId: node.parent,
    name: node.name,
    prepaid: node.prepaid,
    limits: limitsOf(node),
    settings: settingsIn(node.settings),
    createdMs: node.createdMs,
    credits: creditsOf(node, books),
  };
}

function creditsOf(node: NodeRow, { nodes, roots, counters, nowMs }: Books): Credits {
  const root = roots.get(node.root);
  const top = nodes.get(node.root);
  if (root === undefined || top === undefined) throw new Error(`root ${node.root} isn't there`);
  const windows = windowsAt(nowMs);
  const used = (id: string, window: string): Used =>
    counters.get(`${id} ${window}`) ?? NOTHING_USED;
  const states = pathOf(node, nodes).map(({ id, limits }) => ({
    id,
    limits,
    used: {
      day: used(id, windows.day),
      month: used(id, windows.month),
      total: used(id, TOTAL_WINDOW),
    },
  }));
  const { available, held, vendor_payable: vendorPayable } = root.books;
  const state = { id: top.id, prepaid: top.prepaid, available, held, vendorPayable };
  const room = tightestRoom(state, states);
  const { settled, held: heldHere } = used(node.id, TOTAL_WINDOW);
  return { settled, held: heldHere, available: room?.available ?? null, prepaid: top.prepaid };
}

/** From a node up to its root. */
function pathOf(node: NodeRow, nodes: ReadonlyMap<string, NodeRow>): readonly NodeRow[] {
  const path = [node];
  for (let { parent } = node; parent !== null; ) {
    const above = nodes.get(parent);
    if (above === undefined) throw new Error(`node ${parent} isn't there`);
    path.push(above);
    parent = above.parent;
  }
  return path;
}

/** A key with what its accounts say; undefined for an id that is no key. */
export async function readKey(query: Query, keyId: string): Promise<KeyPolicy | undefined> {
  const rows = await rowsOf(query, `${PATH} SELECT * FROM path`, [keyId]);
  const nodes = new Map(rows.map(nodeRow).map((node) => [node.id, node]));
  const key = nodes.get(keyId);
  if (key?.kind !== "key") return undefined;
  const [, ...accounts] = pathOf(key, nodes);
  const settings = accounts.map((account) => settingsIn(account.settings));
  return {
    ...keyOf(key),
    accountPath: accounts.map((account) => account.id),
    autoAs: nearestAutoAs(settingsIn(key.settings), settings),
    margin: settings.find((each) => each.margin !== undefined)?.margin ?? null,
    retain: settings.some((each) => each.retain === "none") ? "none" : null,
  };
}

function nearestAutoAs(key: NodeSettings, accounts: readonly NodeSettings[]): KeyPolicy["autoAs"] {
  const nearest = (param: keyof AutoAs) => {
    const own = key.autoAs?.[param];
    if (own !== undefined) return { value: own, by: "key" } as const;
    const value = accounts.map((each) => each.autoAs?.[param]).find((each) => each !== undefined);
    return value === undefined ? undefined : ({ value, by: "account" } as const);
  };
  const [quality, size] = [nearest("quality"), nearest("size")];
  return {
    ...(quality === undefined ? {} : { quality: quality.value }),
    ...(size === undefined ? {} : { size: size.value }),
    by: {
      ...(quality === undefined ? {} : { quality: quality.by }),
      ...(size === undefined ? {} : { size: size.by }),
    },
  };
}

export async function readKeys(
  query: Query,
  accountId: string | undefined,
): Promise<readonly ApiKey[]> {
  const all = "SELECT * FROM nodes WHERE kind = 'key'";
  const order = "ORDER BY created_ms, id";
  const rows =
    accountId === undefined
      ? await rowsOf(query, `${all} ${order}`, [])
      : await rowsOf(query, `${all} AND parent = ?1 ${order}`, [accountId]);
  return rows.map(nodeRow).map(keyOf);
}

function keyOf(node: NodeRow): ApiKey {
  const { id, root: rootId, parent, name, sha256, createdMs, revokedMs } = node;
  if (sha256 === null || parent === null) throw new Error(`key ${id} has no hash or no account`);
  const settings = settingsIn(node.settings);
  const limits = limitsOf(node);
  return { id, accountId: parent, rootId, name, sha256, createdMs, revokedMs, limits, settings };
}

function limitsOf({ limits: { day, month, total } }: NodeRow): Limits {
  return {
    ...(day === null ? {} : { day }),
    ...(month === null ? {} : { month }),
    ...(total === null ? {} : { total }),
  };
}
