import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { isRecord } from '../../src/model/json.ts';

/** The value of a `block/` key as v1 holds it in memory. */
export interface V1Blocks {
  readonly free: readonly string[];
  readonly nodes: ReadonlyMap<string, readonly string[]>;
}

export interface V1Assignment {
  readonly containerId: string;
  readonly namespace: string;
  readonly pod: string;
}

/** All that v1 knows after it has read a datastore. */
export interface V1State {
  readonly pools: ReadonlyMap<string, readonly string[]>;
  /** By pool and network address of the subnet: `default/10.64.0.0`. */
  readonly blocks: ReadonlyMap<string, V1Blocks>;
  /** By network address of the block and offset: `10.64.0.16/9`. */
  readonly addresses: ReadonlyMap<string, V1Assignment>;
}

/** time.RFC3339, the only form that Go's time.Time takes from JSON. */
const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/**
 * Reads keys (without their prefix) and values as strictly as v1 does, in the manner of Go's encoding/json: members
 * that it does not know are ignored, names match in any case, null leaves the zero value, and another type is an error.
 * Block documents, which v1 and we both rewrite, must besides be to the letter what v1 would write.
 * @throws {AssertionError} naming the key
 */
export function readAsV1(dump: Readonly<Record<string, string>>): V1State {
  const of = <T>(kind: string, read: (value: string, key: string) => T): Map<string, T> =>
    new Map(
      Object.entries(dump)
        .filter(([key]) => key.startsWith(kind))
        .map(([key, value]) => [key.slice(kind.length), named(key, () => read(value, key))]),
    );
  const blocks = of('block/', (value) => {
    const document = readV1Blocks(value);
    assert.equal(writeV1Blocks(document), value);
    return document;
  });
  const addresses = of('ip/', (value, key) => {
    assert.match(key, /^ip\/[^/]+\/\d+$/);
    return readV1Assignment(value);
  });
  return { pools: of('pool/', readV1Pool), blocks, addresses };
}

export function readV1Blocks(text: string): V1Blocks {
  const json = structOf(text);
  const free = listOf(member(json, 'free'));
  const nodes = member(json, 'nodes') ?? {};
  assert.ok(isRecord(nodes), 'nodes is not an object');
  const lists = Object.entries(nodes).map(([node, list]) => [node, listOf(list)] as const);
  // a node whose list is empty or null has no blocks, and is not written again
  return { free, nodes: new Map(lists.filter(([, list]) => list.length > 0)) };
}

/** As Go prints it: members in the order of the struct, maps in that of their keys, and a nil list as null. */
export function writeV1Blocks({ free, nodes }: V1Blocks): string {
  const names = [...nodes.keys()].sort();
  const members = names.map((name) => `${JSON.stringify(name)}:${JSON.stringify(nodes.get(name))}`);
  return `{"free":${free.length > 0 ? JSON.stringify(free) : 'null'},"nodes":{${members.join(',')}}}`;
}

export function readV1Assignment(text: string): V1Assignment {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    const [namespace, pod, ...rest] = text.split('/');
    assert.ok(namespace !== undefined && pod !== undefined && rest.length === 0, `neither JSON nor a Pod: ${text}`);
    return { containerId: '', namespace, pod };
  }
  assert.ok(isRecord(json), 'not an object');
  const createdAt = textOf(member(json, 'created_at'));
  if (createdAt !== '') assert.ok(RFC3339.test(createdAt) && !Number.isNaN(Date.parse(createdAt)), createdAt);
  const [containerId, namespace, pod] = ['container_id', 'namespace', 'pod'].map((name) => textOf(member(json, name)));
  return { containerId: containerId!, namespace: namespace!, pod: pod! };
}

function readV1Pool(text: string): readonly string[] {
  const json = structOf(text);
  const size = member(json, 'block_size') ?? 0;
  assert.ok(Number.isInteger(size), `block_size is ${String(size)}`);
  return listOf(member(json, 'subnets'));
}

function structOf(text: string): Record<string, unknown> {
  const json: unknown = JSON.parse(text) ?? {};
  assert.ok(isRecord(json), 'not an object');
  return json;
}

/** A struct's field takes its own name first, then any that differs in case only. */
function member(json: Record<string, unknown>, name: string): unknown {
  if (Object.hasOwn(json, name)) return json[name] ?? undefined;
  const other = Object.keys(json).find((key) => key.toLowerCase() === name);
  return other === undefined ? undefined : (json[other] ?? undefined);
}

/** []string, each of which net.ParseCIDR takes. */
function listOf(list: unknown): readonly string[] {
  if (list === undefined || list === null) return [];
  assert.ok(Array.isArray(list), 'not a list');
  return list.map((item) => {
    const text = textOf(item ?? undefined);
    const [address = '', length = '', ...rest] = text.split('/');
    const bits = { 4: 32, 6: 128 }[isIP(address)];
    assert.ok(bits !== undefined && rest.length === 0, `not a network: ${text}`);
    assert.ok(/^\d{1,3}$/.test(length) && Number(length) <= bits, `not a network: ${text}`);
    return text;
  });
}

function textOf(value: unknown): string {
  if (value === undefined) return '';
  assert.ok(typeof value === 'string', `not a string: ${JSON.stringify(value)}`);
  return value;
}

function named<T>(key: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new assert.AssertionError({ message: `v1 cannot read ${key}: ${(error as Error).message}` });
  }
}
