import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseMoment, readMoment } from './moment.ts';

test.each<[string, number, number]>([
  ['0', 0, 0],
  ['1', 1, 0],
  ['5011200', 5011200, 0],
  ['1488326400.25', 1488326400, 250_000_000],
  ['1488326400.000000001', 1488326400, 1],
  ['-1', -1, 0],
  ['-0', 0, 0],
  ['-1.25', -2, 750_000_000],
  ['2017-03-01T00:00:00Z', 1488326400, 0],
  ['2017-03-01t00:00:00z', 1488326400, 0],
  ['2017-03-01 00:00:00Z', 1488326400, 0],
  ['2017-03-01T00:00Z', 1488326400, 0],
  ['2017-03-01', 1488326400, 0],
  ['2017-03-01T01:00:00+01:00', 1488326400, 0],
  ['2017-03-01T01:00:00+0100', 1488326400, 0],
  ['2017-02-28T18:30:00-05:30', 1488326400, 0],
  ['2017-03-01T00:00:00.123456789Z', 1488326400, 123_456_789],
  ['2017-03-01T00:00:00,5Z', 1488326400, 500_000_000],
  ['1969-12-31T23:59:59.5Z', -1, 500_000_000],
  ['2016-02-29T00:00:00Z', 1456704000, 0],
  ['0001-01-01T00:00:00Z', -62135596800, 0],
  ['9999-12-31T23:59:59Z', 253402300799, 0],
])('%s', (text, seconds, nanos) => {
  expect(readMoment(text)).toEqual({ seconds, nanos });
});

test.each([
  ['', 'abc', '1e9', '0x10', '1.', '.5', '+1', ' 1', '1 ', '1.0000000001', '99999999999999999', '9007199254740992'],
  ['2017-03-01T00:00:00', '2017-02-29T00:00:00Z', '2017-13-01T00:00:00Z', '2017-00-01', '2017-01-00', '2017-01-32', '2017-1-1'],
  ['2017-03-01T24:00:00Z', '2017-03-01T00:60:00Z', '2016-12-31T23:59:60Z', '2017-03-01T00:00:00+24:00', '2017-03-01Z', '1'.repeat(100_000)],
])('refuses %j', (...texts) => {
  for (const text of texts) expect(readMoment(text), text).toBeUndefined();
});

test('a problem names the parameter and sees a missing zone', () => {
  expect(() => parseMoment('abc', 'scanned_before')).toThrow(
    'scanned_before: expected seconds or a time such as 2017-03-01T00:00:00Z, got "abc"',
  );
  expect(() => parseMoment('2017-03-01T00:00:00', 'x')).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('The zone is missing') }),
  );
  expect(parseMoment('5', 'x')).toEqual({ seconds: 5, nanos: 0 });
});

test('what Date writes is read back', () => {
  const date = fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true });
  fc.assert(
    fc.property(date, (moment) => {
      const { seconds, nanos } = readMoment(moment.toISOString())!;
      expect(seconds * 1000 + nanos / 1e6).toBe(moment.getTime());
    }),
    { seed: 42 },
  );
});
