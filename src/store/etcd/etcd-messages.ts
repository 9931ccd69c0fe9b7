/**
 * The messages of etcd's gRPC API that we use, with the members that we use (etcd, api/etcdserverpb/rpc.proto and
 * api/mvccpb/kv.proto). Keys and values are bytes there, and text here. A member that is not given has its default.
 */

export interface KeyRange {
  readonly key: string;
  /** Up to, but not including, this key; only the key itself where it is not given. */
  readonly rangeEnd?: string;
}

export interface RangeRequest extends KeyRange {
  readonly limit?: number;
  /** The newest where it is not given. */
  readonly revision?: number;
  readonly keysOnly?: boolean;
}

export interface PutRequest {
  readonly key: string;
  readonly value: string;
  /** The key goes when that lease ends. */
  readonly lease?: number;
}

/** An operation: one of these. */
export interface RequestOp {
  readonly range?: RangeRequest;
  readonly put?: PutRequest;
  readonly deleteRange?: KeyRange;
  readonly txn?: TxnRequest;
}

/** A condition; the target names which one of the last three is compared. */
export interface Compare extends KeyRange {
  /** One of COMPARE_RESULT. */
  readonly result: number;
  /** One of COMPARE_TARGET. */
  readonly target: number;
  readonly createRevision?: number;
  readonly modRevision?: number;
  readonly value?: string;
}

export interface TxnRequest {
  readonly compare?: readonly Compare[];
  readonly success?: readonly RequestOp[];
  readonly failure?: readonly RequestOp[];
}

export interface ResponseHeader {
  /** Tells clusters apart; rounded, as it is 64 bits long. */
  readonly clusterId: number;
  /** Of the datastore, when the request was carried out. */
  readonly revision: number;
}

export interface KeyValueMessage {
  readonly key: string;
  readonly createRevision: number;
  readonly modRevision: number;
  /** Number of changes since the key was created. */
  readonly version: number;
  readonly value: string;
  /** 0 where it is on none. */
  readonly lease: number;
}

export interface RangeResponse {
  readonly kvs: readonly KeyValueMessage[];
}

/** The answer to an operation, as far as it has one that is of use. */
export interface ResponseOp {
  readonly range?: RangeResponse;
  readonly txn?: TxnResponse;
}

export interface TxnResponse {
  readonly header?: ResponseHeader;
  readonly succeeded: boolean;
  readonly responses: readonly ResponseOp[];
}

export interface WatchCreateRequest extends KeyRange {
  /** Inclusive. */
  readonly startRevision: number;
}

export interface WatchCancelRequest {
  readonly watchId: number;
}

/** One of these. */
export interface WatchRequest {
  readonly create?: WatchCreateRequest;
  readonly cancel?: WatchCancelRequest;
}

export interface EventMessage {
  /** One of EVENT_TYPE. */
  readonly type: number;
  readonly kv?: KeyValueMessage;
}

export interface WatchResponse {
  readonly watchId: number;
  readonly created: boolean;
  readonly canceled: boolean;
  /** Not 0 where the watch began before what is known of the past. */
  readonly compactRevision: number;
  readonly cancelReason: string;
  readonly events: readonly EventMessage[];
}

export interface LeaseGrantRequest {
  /** In seconds. */
  readonly ttl: number;
  /** One that is not in use. */
  readonly id: number;
}

/** To end a lease, or to begin its time anew. */
export interface LeaseRequest {
  readonly id: number;
}

export interface LeaseResponse {
  /** In seconds; 0 where there is no such lease any more. */
  readonly ttl: number;
}

export interface AuthenticateRequest {
  readonly name: string;
  readonly password: string;
}

export interface AuthenticateResponse {
  readonly token: string;
}
