import { assert, bigInt, nat, property, string, uint8Array } from 'fast-check';
import { expect, test } from 'vitest';
import { decodeTxn, encodeTxn } from './messages.ts';
import { MessageReader, MessageWriter } from './protobuf.ts';

test('reads back what it wrote', () => {
  const any = [nat(Number.MAX_SAFE_INTEGER), bigInt({ min: 0n, max: 2n ** 64n - 1n }), uint8Array(), string()] as const;
  assert(
    property(...any, (number, big, bytes, text) => {
      const inner = new MessageWriter().number(1, number).big(2, big);
      const message = new MessageReader(new MessageWriter().bytes(3, bytes).message(4, inner).text(900, text).finish());
      const seen: unknown[] = [];
      while (message.next()) {
        if (message.field === 3) seen.push(message.bytes().toString('hex'));
        if (message.field === 900) seen.push(message.text());
        for (const nested = message.field === 4 ? message.message() : undefined; nested?.next(); )
          seen.push(nested.field === 1 ? nested.number() : nested.big());
      }
      const wanted = [Buffer.from(bytes).toString('hex'), number, big, Buffer.from(text).toString()];
      // Zero and empty are not written.
      expect(seen).toEqual(wanted.filter((value) => value !== 0 && value !== 0n && value !== ''));
    }),
  );
});

test('writes a transaction as etcd reads it', () => {
  const key = Buffer.from('k');
  const request = {
    compare: [{ key, modRevision: 300 }],
    success: [{ put: { key, value: Buffer.from('v') } }],
    failure: [{ range: { key } }],
  };
  // Compare{target: MOD, key, mod_revision: 300}, RequestOp{request_put}, RequestOp{request_range}: as protobufjs writes them by rpc.proto.
  expect(encodeTxn(request).toString('hex')).toBe('0a0810021a016b30ac0212081206' + '0a016b120176' + '1a050a030a016b');
});

test('any bytes are an answer or a RangeError, in bounded time', () => {
  assert(
    property(uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        decodeTxn(Buffer.from(bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }),
    { numRuns: 500 },
  );
});
