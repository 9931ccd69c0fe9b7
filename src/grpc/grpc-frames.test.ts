import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GRPC_STATUS, GrpcError } from './grpc-error.ts';
import { FRAME_HEADER_BYTES, fillFrameHeader, GrpcFrames } from './grpc-frames.ts';

function framed(message: Uint8Array): Buffer {
  return fillFrameHeader(Buffer.concat([Buffer.alloc(FRAME_HEADER_BYTES), message]));
}

test('a frame is a zero, the length and the message', () => {
  assert.deepEqual(framed(Buffer.from('abc')), Buffer.from('\0\0\0\0\u0003abc'));
});

test('messages come out whole, in order, however they are cut into chunks', () => {
  const lists = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });
  fc.assert(
    fc.property(lists, fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (messages, sizes) => {
      const bytes = Buffer.concat(messages.map(framed));
      const frames = new GrpcFrames();
      const got: Buffer[] = [];
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const size = sizes[i % sizes.length]!;
        got.push(...frames.push(bytes.subarray(at, at + size)));
        at += size;
      }
      assert.deepEqual(
        got.map(String),
        messages.map((each) => Buffer.from(each).toString()),
      );
      assert.ok(frames.isEmpty);
    }),
  );
});

test('a message without a byte is a message', () => {
  assert.deepEqual(new GrpcFrames().push(framed(Buffer.alloc(0))), [Buffer.alloc(0)]);
});

test('a message of many megabytes is put together in time that grows with its size only', () => {
  const message = Buffer.alloc(64 << 20, 'x');
  const bytes = framed(message);
  const frames = new GrpcFrames();
  let got: readonly Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 16 << 10) got = frames.push(bytes.subarray(at, at + (16 << 10)));
  assert.ok(got[0]?.equals(message));
});

test('what is cut off is not empty', () => {
  const frames = new GrpcFrames();
  assert.deepEqual(frames.push(framed(Buffer.from('abc')).subarray(0, 7)), []);
  assert.ok(!frames.isEmpty);
});

test('what is compressed, or no gRPC at all, is refused', () => {
  for (const bytes of [Buffer.from('\u0001\0\0\0\u0001x'), Buffer.from('HTTP/1.1 400 Bad Request')]) {
    assert.throws(
      () => new GrpcFrames().push(bytes),
      (error) => error instanceof GrpcError && error.code === GRPC_STATUS.internal && error.sent,
    );
  }
});
