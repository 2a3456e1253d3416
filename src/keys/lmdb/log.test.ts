import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Problem } from '../../core/problem.ts';
import { noValue } from '../tree/node.ts';
import { Log } from './log.ts';
import { encodeRecord, entriesAt, headAt, isWhole, recordEnd } from './record.ts';

const salt = 77;
const segmentBytes = 4096;
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-log-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const record = (sequence: number, value = `value ${sequence}`): Buffer => {
  const node = { path: `/${sequence}`, isDir: false, value: Buffer.from(value), created: sequence, modified: sequence, deadline: 0 };
  const change = { index: sequence, action: 'set' as const, node, prev: { ...node, value: noValue }, madeDirs: 0, isSilent: false };
  return encodeRecord([{ ordinal: 1, change }], sequence, 0, salt);
};
const openLog = (): Log => new Log({ folder, salt, segmentBytes });
const replayed = (log: Log, from = 1): number[] => {
  const found: number[] = [];
  log.replay(from, (bytes, at) => {
    expect(entriesAt(bytes, at)[0]?.change.node.path).toBe(`/${headAt(bytes, at)?.sequence}`);
    found.push(headAt(bytes, at)?.sequence ?? 0);
  });
  return found;
};
const upTo = (last: number, first = 1): number[] => Array.from({ length: last - first + 1 }, (_, at) => first + at);
/** Writes records and leaves the log as a killed process does. */
const written = (last: number, log = openLog()): Log => {
  log.replay(1, () => {});
  for (let sequence = log.sequence + 1; sequence <= last; sequence++) log.append(record(sequence));
  return log;
};
const segments = (): string[] => readdirSync(folder).filter((name) => /^\d+$/.test(name));
const edit = (name: string, change: (bytes: Buffer) => Buffer): void => {
  const bytes = readFileSync(join(folder, name));
  writeFileSync(join(folder, name), change(bytes));
};

test('gives back every record, over all segments, and goes on behind them', () => {
  written(100);
  expect(segments().length).toBeGreaterThan(2);
  const log = openLog();
  expect(replayed(log)).toEqual(upTo(100));
  log.append(record(101));
  expect(replayed(openLog(), 90)).toEqual(upTo(101, 90));
});

test('takes a record larger than a segment', () => {
  const log = written(3);
  log.append(record(4, 'v'.repeat(3 * segmentBytes)));
  log.append(record(5));
  expect(replayed(openLog())).toEqual(upTo(5));
});

describe('a torn tail', () => {
  const length = record(1).length;

  // The last eight octets are padding.
  test.each(Array.from({ length: length / 8 - 1 }, (_, at) => at * 8))(
    'is dropped when %i octets of the last record arrived',
    (arrived) => {
      written(5);
      const at = 4 * length;
      edit('000001', (bytes) => Buffer.concat([bytes.subarray(0, at + arrived), Buffer.alloc(bytes.length - at - arrived)]));
      const log = openLog();
      expect(replayed(log)).toEqual(upTo(4));
      log.append(record(5, 'anew'));
      expect(replayed(openLog())).toEqual(upTo(5));
    },
  );

  test('is dropped when the end of the file is missing', () => {
    written(5);
    edit('000001', (bytes) => bytes.subarray(0, 5 * length - 9));
    expect(replayed(openLog())).toEqual(upTo(4));
  });

  test('may be the first record of a segment', () => {
    const log = written(1);
    while (segments().length < 3) log.append(record(log.sequence + 1));
    const last = log.sequence;
    edit(segments().at(-1) ?? '', (bytes) => bytes.fill(0xff, 40));
    const again = openLog();
    expect(replayed(again)).toEqual(upTo(last - 1));
    again.append(record(last));
    expect(replayed(openLog())).toEqual(upTo(last));
  });
});

describe('damage', () => {
  const refusal = (work: () => unknown): Problem => {
    try {
      work();
    } catch (error) {
      if (error instanceof Problem) return error;
      throw error;
    }
    throw new Error('nothing was refused');
  };

  test('in front of a whole record is no torn tail, and is told with its place', () => {
    written(10);
    const { length } = record(1);
    edit('000001', (bytes) => bytes.fill(0, 3 * length + 40, 3 * length + 48));
    expect(refusal(() => replayed(openLog())).detail).toMatch(
      /record 4 is broken at octet \d+ of .*000001, but record 5 behind it is whole/,
    );
  });

  test('of a segment in the middle is told', () => {
    written(100);
    rmSync(join(folder, '000002'));
    expect(refusal(() => replayed(openLog())).detail).toMatch(/is missing before .*000003/);
  });

  test('of the beginning is told to who needs it', () => {
    written(100);
    rmSync(join(folder, '000001'));
    expect(refusal(() => replayed(openLog())).detail).toMatch(/it begins with record \d+, expected 1/);
    expect(replayed(openLog(), 99)).toEqual([99, 100]);
  });

  test('of the end is told to who has had more', () => {
    written(10);
    expect(refusal(() => replayed(openLog(), 12)).detail).toBe('it ends with record 10, but the store holds 11');
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
    expect(refusal(() => replayed(openLog(), 12)).detail).toBe('it ends with record 0, but the store holds 11');
  });

  test('does not come from values that look like records', () => {
    const log = written(1);
    // What an attacker would write: records with later numbers, of a log with another salt.
    const node = { path: '/x', isDir: false, value: noValue, created: 1, modified: 1, deadline: 0 };
    const change = { index: 1, action: 'set' as const, node, prev: undefined, madeDirs: 0, isSilent: false };
    const fake = encodeRecord([{ ordinal: 0, change }], 3, 0, salt + 1);
    log.append(
      record(2, Buffer.concat(Array.from({ length: 8 }, (_, shift) => Buffer.concat([Buffer.alloc(shift), fake]))).toString('latin1')),
    );
    edit('000001', (bytes) => bytes.fill(1, recordEnd(0, record(1).length - 32) + 32, recordEnd(0, record(1).length - 32) + 40));
    expect(replayed(openLog())).toEqual([1]);
  });
});

describe('recycling', () => {
  test('gives up what a snapshot made needless, and writes over it', async () => {
    const log = written(100);
    const before = segments().length;
    log.release(50);
    expect(segments().length).toBeLessThan(before);
    expect(readdirSync(folder).filter((name) => name.startsWith('spare-'))).toHaveLength(2);
    for (let sequence = 101; sequence <= 200; sequence++) log.append(record(sequence));
    await log.close();
    const again = openLog();
    expect(replayed(again, 51)).toEqual(upTo(200, 51));
    expect(again.sizeBytes).toBeLessThan(segments().length * segmentBytes);
    for (const name of segments()) expect(statSync(join(folder, name)).size).toBe(segmentBytes);
  });

  test('is not misled by a recycled segment that has no new record yet', () => {
    const log = written(100);
    const old = readFileSync(join(folder, '000001'));
    log.release(100);
    const next = String(Number(segments().at(-1)) + 1).padStart(6, '0');
    writeFileSync(join(folder, next), old);
    const again = openLog();
    expect(replayed(again, 100).at(-1)).toBe(100);
    again.append(record(101));
    expect(replayed(openLog(), 101)).toEqual([101]);
  });

  test.each(['filled anew', 'written over'])('goes on in the segment that was made ready, %s', async (kind) => {
    const log = written(kind === 'filled anew' ? 3 : 100);
    if (kind === 'written over') log.release(100);
    const last = log.sequence;
    await log.prepare();
    const ready = segments();
    expect(ready.length).toBe(2);
    // One that was killed before it got there finds it unused, and so does not trip over it.
    const other = openLog();
    expect(replayed(other, last)).toEqual([last]);
    await other.close();
    while (log.sequence < last + 50) log.append(record(log.sequence + 1));
    await log.close();
    expect(segments().slice(0, 1)).toEqual(ready.slice(0, 1));
    expect(replayed(openLog(), last)).toEqual(upTo(last + 50, last));
  });

  test('keeps the segment that is being written, whatever the snapshot holds', () => {
    const log = written(3);
    log.release(3);
    log.append(record(4));
    expect(replayed(openLog())).toEqual(upTo(4));
  });
});

test('tells a whole record from one with any octet changed', () => {
  const bytes = record(1);
  const head = headAt(bytes, 0);
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 0x40;
    const other = headAt(changed, 0);
    const isPadding = at >= 32 + (head?.length ?? 0);
    expect(other !== undefined && isWhole(changed, 0, other, salt), `octet ${at}`).toBe(isPadding);
  }
});
