import type {
  Compare,
  KeyRange,
  KeyValueMessage,
  RangeRequest,
  RequestOp,
  TxnRequest,
  TxnResponse,
} from './etcd-messages.ts';
import { COMPARE_RESULT, COMPARE_TARGET } from './etcd-protocol.ts';

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
  /** Whether it goes by itself when a lease ends. */
  readonly isLeased?: boolean;
}

const { equal, greater, less } = COMPARE_RESULT;
const { createRevision: created, modRevision: modified, value: content } = COMPARE_TARGET;

export function isAbsent(key: string): Compare {
  return { key, target: created, result: equal, createRevision: 0 };
}

export function isPresent(key: string): Compare {
  return { key, target: created, result: greater, createRevision: 0 };
}

/** The key was last changed at `revision`. */
export function isAt(key: string, revision: number): Compare {
  return { key, target: modified, result: equal, modRevision: revision };
}

export function hasValue(key: string, value: string): Compare {
  return { key, target: content, result: equal, value };
}

/** No key begins with `prefix`. */
export function isEmpty(prefix: string): Compare {
  return { ...keysFrom(prefix), target: created, result: equal, createRevision: 0 };
}

/** Every key that begins with `prefix` was there at `revision` already. */
export function hasNothingNewerThan(prefix: string, revision: number): Compare {
  return { ...keysFrom(prefix), target: created, result: less, createRevision: revision + 1 };
}

export function put(key: string, value: string): RequestOp {
  return { put: { key, value } };
}

/** The key goes when the lease ends. */
export function putUnder(lease: number, key: string, value: string): RequestOp {
  return { put: { key, value, lease } };
}

/**
 * Puts nothing, as its condition never holds; yet etcd agrees on it and refuses it as it would a put: without a quorum,
 * out of space, without the right (server/etcdserver/apply.go, costTxn and checkTxnAuth look at both branches).
 */
export function neverPut(key: string): TxnRequest {
  return { compare: [{ key, target: modified, result: less, modRevision: 0 }], success: [put(key, '')] };
}

export function remove(key: string): RequestOp {
  return { deleteRange: { key } };
}

export function removeAll(prefix: string): RequestOp {
  return { deleteRange: keysFrom(prefix) };
}

export function get(key: string): RequestOp {
  return { range: { key } };
}

/** All keys that begin with `prefix`, in the order of their bytes. */
export function getAll(prefix: string, options: Pick<RangeRequest, 'keysOnly' | 'limit' | 'revision'> = {}): RequestOp {
  return { range: { ...keysFrom(prefix), ...options } };
}

/** The range of all keys that begin with `prefix`. */
export function keysFrom(prefix: string): Required<KeyRange> {
  // every prefix ends in a slash
  return { key: prefix, rangeEnd: `${prefix.slice(0, -1)}0` };
}

/** What the ranges of a transaction found, one list an operation; an empty one for what is not a range. */
export function found(response: TxnResponse): KeyValue[][] {
  return response.responses.map(({ range }) => (range?.kvs ?? []).map(toKeyValue));
}

export function toKeyValue({ key, value, modRevision, lease }: KeyValueMessage): KeyValue {
  return { key, value, revision: modRevision, isLeased: lease !== 0 };
}

/** Of the cluster that answered. */
export function clusterOf(response: TxnResponse): string {
  return String(response.header!.clusterId);
}

export function revisionOf(response: TxnResponse): number {
  // etcd gives every answer one
  return response.header!.revision;
}
