import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import type { MessageType } from '../../grpc/message-type.ts';
import { AUTHENTICATE, TXN, WATCH } from './etcd-protocol.ts';

/**
 * The members that we use, as etcd describes them (api/etcdserverpb/rpc.proto, api/mvccpb/kv.proto), for another codec;
 * but what is bytes there is string here, which is encoded in the same way.
 */
const USED = `
  syntax = "proto3";
  message RangeRequest { string key = 1; string range_end = 2; int64 limit = 3; int64 revision = 4; bool keys_only = 8; }
  message PutRequest { string key = 1; string value = 2; }
  message DeleteRangeRequest { string key = 1; string range_end = 2; }
  message RequestOp {
    oneof request { RangeRequest range = 1; PutRequest put = 2; DeleteRangeRequest delete_range = 3; TxnRequest txn = 4; }
  }
  message Compare {
    int32 result = 1; int32 target = 2; string key = 3; string range_end = 64;
    oneof target_union { int64 create_revision = 5; int64 mod_revision = 6; string value = 7; }
  }
  message TxnRequest { repeated Compare compare = 1; repeated RequestOp success = 2; repeated RequestOp failure = 3; }
  message ResponseHeader { int64 cluster_id = 1; int64 revision = 3; }
  message KeyValue {
    string key = 1; int64 create_revision = 2; int64 mod_revision = 3; int64 version = 4; string value = 5;
    int64 lease = 6;
  }
  message RangeResponse { repeated KeyValue kvs = 2; }
  message ResponseOp { oneof response { RangeResponse range = 1; TxnResponse txn = 4; } }
  message TxnResponse { ResponseHeader header = 1; bool succeeded = 2; repeated ResponseOp responses = 3; }
  message WatchRequest { oneof request { WatchCreateRequest create = 1; WatchCancelRequest cancel = 2; } }
  message WatchCreateRequest { string key = 1; string range_end = 2; int64 start_revision = 3; }
  message WatchCancelRequest { int64 watch_id = 1; }
  message WatchResponse {
    int64 watch_id = 2; bool created = 3; bool canceled = 4; int64 compact_revision = 5; string cancel_reason = 6;
    repeated Event events = 11;
  }
  message Event { int32 type = 1; KeyValue kv = 2; }
  message AuthenticateRequest { string name = 1; string password = 2; }
  message AuthenticateResponse { string token = 2; }
`;

/** Members that etcd sends beside those, of each way of encoding, and two that no version of etcd has. */
const UNUSED = {
  ResponseHeader: ['uint64 member_id = 2', 'uint64 raft_term = 4'],
  RangeResponse: ['ResponseHeader header = 1', 'bool more = 3', 'int64 count = 4', 'double later = 900'],
  ResponseOp: ['RangeResponse put = 2', 'ResponseHeader delete_range = 3'],
  WatchResponse: ['ResponseHeader header = 1', 'bool fragment = 7', 'fixed32 later = 2000'],
  Event: ['KeyValue prev_kv = 3'],
  AuthenticateResponse: ['ResponseHeader header = 1'],
};

const used = protobuf.parse(USED).root;
const all = protobuf.parse(
  Object.entries(UNUSED).reduce(
    (text, [name, members]) => text.replace(`message ${name} {`, `$& ${members.map((each) => `${each}; `).join('')}`),
    USED,
  ),
).root;

type Members = Record<string, unknown>;

/** Messages with random members, some of them missing, and one of a oneof. */
function messages(type: protobuf.Type, depth = 3): fc.Arbitrary<Members> {
  const any = (fields: readonly protobuf.Field[]) =>
    Object.fromEntries(fields.map((field) => [field.name, values(field.resolve(), depth)]));
  const plain = fc.record(any(type.fieldsArray.filter(({ partOf }) => !partOf)), { requiredKeys: [] });
  const ofOneofs = type.oneofsArray.map(({ fieldsArray }) =>
    fc.oneof(...fieldsArray.map((field) => fc.record(any([field])))),
  );
  return fc.tuple(plain, ...ofOneofs).map((parts) => Object.assign({}, ...parts));
}

function values({ resolvedType, repeated, type }: protobuf.Field, depth: number): fc.Arbitrary<unknown> {
  if (resolvedType instanceof protobuf.Type) {
    const one = depth > 0 ? messages(resolvedType, depth - 1) : fc.constant({});
    return repeated ? fc.array(one, { minLength: 1, maxLength: 3 }) : one;
  }
  if (type === 'bool') return fc.boolean();
  if (type === 'string') return fc.string({ unit: 'binary', maxLength: 200 });
  if (type === 'int32' || type === 'fixed32') return fc.nat();
  return fc.oneof(fc.nat(), fc.maxSafeNat(), ...(type === 'int64' ? [fc.maxSafeInteger()] : []));
}

const CODECS = Object.entries({
  TxnRequest: TXN.request,
  TxnResponse: TXN.response,
  WatchRequest: WATCH.request,
  WatchResponse: WATCH.response,
  AuthenticateRequest: AUTHENTICATE.request,
  AuthenticateResponse: AUTHENTICATE.response,
} as unknown as Record<string, MessageType<Members>>);

for (const [name, codec] of CODECS) {
  const type = used.lookupType(name);

  test(`${name}: what we write is read by another codec`, () => {
    fc.assert(
      fc.property(messages(type), fc.nat(9), (message, headroom) => {
        const read = type.decode(codec.encode(message, headroom).subarray(headroom));
        assert.deepEqual(type.toObject(read, { longs: Number }), message);
      }),
    );
  });
}

for (const [name, codec] of CODECS) {
  if (!name.endsWith('Response')) continue;
  const type = all.lookupType(name);

  test(`${name}: what another codec writes is read, without what is not used, with defaults`, () => {
    fc.assert(
      fc.property(messages(type), (message) => {
        const bytes = Buffer.from(type.encode(message).finish());
        const read = used.lookupType(name).toObject(used.lookupType(name).decode(bytes), {
          longs: Number,
          defaults: true,
        });
        assert.deepEqual(codec.decode(bytes), withoutNulls(read));
      }),
    );
  });

  test(`${name}: what is cut off or random is refused, or read, but nothing else happens`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          codec.decode(Buffer.from(bytes));
        } catch (error) {
          assert.ok(error instanceof RangeError, String(error));
        }
      }),
    );
  });
}

test('a message that is cut off is refused', () => {
  const bytes = TXN.request.encode({ success: [{ put: { key: '/coil/a', value: 'x' } }] });
  for (let end = 1; end < bytes.length; end++) {
    assert.throws(() => TXN.request.decode(bytes.subarray(0, end)), RangeError);
  }
});

test('a message larger than the buffer is written whole', () => {
  const value = 'ü'.repeat(3_000_000);
  const read = TXN.request.decode(TXN.request.encode({ success: [{ put: { key: 'k', value } }] }));
  assert.equal(read.success?.[0]?.put?.value, value);
  assert.equal(TXN.request.encode({}).length, 0);
});

/** The other codec has null for a message that is missing, where we have nothing. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, each]) => each !== null);
  return Object.fromEntries(members.map(([name, each]) => [name, withoutNulls(each)]));
}
