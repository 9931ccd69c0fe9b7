import type { GrpcMethod } from '../../grpc/grpc-method.ts';
import { MessageType } from '../../grpc/message-type.ts';
import type {
  AuthenticateRequest,
  AuthenticateResponse,
  Compare,
  EventMessage,
  KeyRange,
  KeyValueMessage,
  LeaseGrantRequest,
  LeaseRequest,
  LeaseResponse,
  PutRequest,
  RangeRequest,
  RangeResponse,
  RequestOp,
  ResponseHeader,
  ResponseOp,
  TxnRequest,
  TxnResponse,
  WatchCancelRequest,
  WatchCreateRequest,
  WatchRequest,
  WatchResponse,
} from './etcd-messages.ts';

/** How the messages are encoded, and the methods that have them: field numbers and names are etcd's. */

export const COMPARE_RESULT = { equal: 0, greater: 1, less: 2 } as const;
export const COMPARE_TARGET = { createRevision: 1, modRevision: 2, value: 3 } as const;

export const EVENT_TYPE = { put: 0, delete: 1 } as const;

const RANGE_REQUEST = new MessageType<RangeRequest>({
  key: [1, 'text'],
  rangeEnd: [2, 'text'],
  limit: [3, 'integer'],
  revision: [4, 'integer'],
  keysOnly: [8, 'flag'],
});

const PUT_REQUEST = new MessageType<PutRequest>({ key: [1, 'text'], value: [2, 'text'], lease: [3, 'integer'] });

const DELETE_RANGE_REQUEST = new MessageType<KeyRange>({ key: [1, 'text'], rangeEnd: [2, 'text'] });

const REQUEST_OP: MessageType<RequestOp> = new MessageType<RequestOp>({
  range: [1, 'message', () => RANGE_REQUEST],
  put: [2, 'message', () => PUT_REQUEST],
  deleteRange: [3, 'message', () => DELETE_RANGE_REQUEST],
  txn: [4, 'message', () => TXN_REQUEST],
});

const COMPARE = new MessageType<Compare>({
  result: [1, 'integer'],
  target: [2, 'integer'],
  key: [3, 'text'],
  createRevision: [5, 'integer'],
  modRevision: [6, 'integer'],
  value: [7, 'text'],
  rangeEnd: [64, 'text'],
});

const TXN_REQUEST = new MessageType<TxnRequest>({
  compare: [1, 'list', () => COMPARE],
  success: [2, 'list', () => REQUEST_OP],
  failure: [3, 'list', () => REQUEST_OP],
});

const RESPONSE_HEADER = new MessageType<ResponseHeader>({ clusterId: [1, 'integer'], revision: [3, 'integer'] });

const KEY_VALUE = new MessageType<KeyValueMessage>({
  key: [1, 'text'],
  createRevision: [2, 'integer'],
  modRevision: [3, 'integer'],
  version: [4, 'integer'],
  value: [5, 'text'],
  lease: [6, 'integer'],
});

const RANGE_RESPONSE = new MessageType<RangeResponse>({ kvs: [2, 'list', () => KEY_VALUE] });

const RESPONSE_OP: MessageType<ResponseOp> = new MessageType<ResponseOp>({
  range: [1, 'message', () => RANGE_RESPONSE],
  txn: [4, 'message', () => TXN_RESPONSE],
});

const TXN_RESPONSE = new MessageType<TxnResponse>({
  header: [1, 'message', () => RESPONSE_HEADER],
  succeeded: [2, 'flag'],
  responses: [3, 'list', () => RESPONSE_OP],
});

const WATCH_CREATE_REQUEST = new MessageType<WatchCreateRequest>({
  key: [1, 'text'],
  rangeEnd: [2, 'text'],
  startRevision: [3, 'integer'],
});

const WATCH_CANCEL_REQUEST = new MessageType<WatchCancelRequest>({ watchId: [1, 'integer'] });

const WATCH_REQUEST = new MessageType<WatchRequest>({
  create: [1, 'message', () => WATCH_CREATE_REQUEST],
  cancel: [2, 'message', () => WATCH_CANCEL_REQUEST],
});

const EVENT = new MessageType<EventMessage>({ type: [1, 'integer'], kv: [2, 'message', () => KEY_VALUE] });

const WATCH_RESPONSE = new MessageType<WatchResponse>({
  watchId: [2, 'integer'],
  created: [3, 'flag'],
  canceled: [4, 'flag'],
  compactRevision: [5, 'integer'],
  cancelReason: [6, 'text'],
  events: [11, 'list', () => EVENT],
});

const LEASE_GRANT_REQUEST = new MessageType<LeaseGrantRequest>({ ttl: [1, 'integer'], id: [2, 'integer'] });

const LEASE_REQUEST = new MessageType<LeaseRequest>({ id: [1, 'integer'] });

const LEASE_RESPONSE = new MessageType<LeaseResponse>({ ttl: [3, 'integer'] });

const AUTHENTICATE_REQUEST = new MessageType<AuthenticateRequest>({ name: [1, 'text'], password: [2, 'text'] });

const AUTHENTICATE_RESPONSE = new MessageType<AuthenticateResponse>({ token: [2, 'text'] });

export const TXN: GrpcMethod<TxnRequest, TxnResponse> = {
  path: '/etcdserverpb.KV/Txn',
  request: TXN_REQUEST,
  response: TXN_RESPONSE,
};

export const WATCH: GrpcMethod<WatchRequest, WatchResponse> = {
  path: '/etcdserverpb.Watch/Watch',
  request: WATCH_REQUEST,
  response: WATCH_RESPONSE,
};

export const AUTHENTICATE: GrpcMethod<AuthenticateRequest, AuthenticateResponse> = {
  path: '/etcdserverpb.Auth/Authenticate',
  request: AUTHENTICATE_REQUEST,
  response: AUTHENTICATE_RESPONSE,
};

export const LEASE_GRANT: GrpcMethod<LeaseGrantRequest, LeaseResponse> = {
  path: '/etcdserverpb.Lease/LeaseGrant',
  request: LEASE_GRANT_REQUEST,
  response: LEASE_RESPONSE,
};

/** A stream in etcd's definition, of which we take one question and one answer. */
export const LEASE_KEEP_ALIVE: GrpcMethod<LeaseRequest, LeaseResponse> = {
  path: '/etcdserverpb.Lease/LeaseKeepAlive',
  request: LEASE_REQUEST,
  response: LEASE_RESPONSE,
};

export const LEASE_REVOKE: GrpcMethod<LeaseRequest, LeaseResponse> = {
  path: '/etcdserverpb.Lease/LeaseRevoke',
  request: LEASE_REQUEST,
  response: LEASE_RESPONSE,
};
