import { expect, test } from 'vitest';
import type { Change } from '../tree/change.ts';
import { decodeRecord, encodeRecord, newToken } from './event-record.ts';

const change = (index: number): Change => ({
  index,
  action: 'set',
  node: { path: '/a', isDir: false, value: Buffer.from(`value ${index}`), created: index, modified: index, deadline: 0 },
  prev: undefined,
  madeDirs: 1,
  isSilent: index % 2 === 0,
});

test('keeps token and changes', () => {
  const token = newToken();
  const changes = [change(4), change(5)];
  expect(decodeRecord(encodeRecord(token, changes))).toEqual({ token, changes });
  expect(decodeRecord(encodeRecord(token, []))).toEqual({ token, changes: [] });
});

test('refuses a version that it does not know', () => {
  const bytes = encodeRecord(newToken(), []);
  bytes[0] = 2;
  expect(() => decodeRecord(bytes)).toThrow('version 2');
});
