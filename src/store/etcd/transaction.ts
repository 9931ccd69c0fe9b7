import type { ICompare, IKeyValue, IRangeRequest, IRequestOp, ITxnResponse } from 'etcd3';

/**
 * Conditions and operations of an etcd transaction on text keys. One with range_end holds where it holds for every
 * key of the range, and for an empty range where it would hold for an absent key (etcd, server/etcdserver/apply.go).
 */

/** Operations that one etcd transaction may have, by etcd's default of --max-txn-ops. */
export const MAX_OPERATIONS = 128;

export interface KeyValue {
  readonly key: string;
  readonly value: string;
  /** Revision of the last change. */
  readonly revision: number;
}

export function isAbsent(key: string): ICompare {
  return { key: Buffer.from(key), target: 'Create', result: 'Equal', create_revision: 0 };
}

export function isPresent(key: string): ICompare {
  return { key: Buffer.from(key), target: 'Create', result: 'Greater', create_revision: 0 };
}

/** The key was last changed at `revision`. */
export function isAt(key: string, revision: number): ICompare {
  return { key: Buffer.from(key), target: 'Mod', result: 'Equal', mod_revision: revision };
}

export function hasValue(key: string, value: string): ICompare {
  return { key: Buffer.from(key), target: 'Value', result: 'Equal', value: Buffer.from(value) };
}

/** No key begins with `prefix`. */
export function isEmpty(prefix: string): ICompare {
  return { ...keysFrom(prefix), target: 'Create', result: 'Equal', create_revision: 0 };
}

/** Every key that begins with `prefix` was there at `revision` already. */
export function hasNothingNewerThan(prefix: string, revision: number): ICompare {
  return { ...keysFrom(prefix), target: 'Create', result: 'Less', create_revision: revision + 1 };
}

export function put(key: string, value: string): IRequestOp {
  return { request_put: { key: Buffer.from(key), value: Buffer.from(value) } };
}

export function remove(key: string): IRequestOp {
  return { request_delete_range: { key: Buffer.from(key) } };
}

export function removeAll(prefix: string): IRequestOp {
  return { request_delete_range: keysFrom(prefix) };
}

export function get(key: string): IRequestOp {
  return { request_range: { key: Buffer.from(key) } };
}

/** All keys that begin with `prefix`, in the order of their bytes. */
export function getAll(
  prefix: string,
  options: Pick<IRangeRequest, 'keys_only' | 'limit' | 'revision'> = {},
): IRequestOp {
  return { request_range: { ...keysFrom(prefix), ...options } };
}

/** The range of all keys that begin with `prefix`. */
export function keysFrom(prefix: string): { key: Buffer; range_end: Buffer } {
  const key = Buffer.from(prefix);
  const end = Buffer.from(prefix);
  // every prefix ends in a slash
  end[end.length - 1] = end.at(-1)! + 1;
  return { key, range_end: end };
}

/** What the ranges of a transaction found, one list an operation; an empty one for what is not a range. */
export function found(response: ITxnResponse): KeyValue[][] {
  return response.responses.map(({ response_range: range }) => (range?.kvs ?? []).map(toKeyValue));
}

export function toKeyValue({ key, value, mod_revision: revision }: IKeyValue): KeyValue {
  return { key: key.toString(), value: value.toString(), revision: Number(revision) };
}

export function revisionOf(response: ITxnResponse): number {
  return Number(response.header.revision);
}
