import { expect, test } from 'vitest';
import { bytesOf, Layout } from './layout.ts';

const layout = new Layout('/weir', 'public');
const within = (key: string, [start, end]: [string, string]) => key >= start && key < end;

test('keys say where they are', () => {
  expect(layout.counter.toString()).toBe('/weir/public/index');
  expect(layout.node('/a/b')).toBe('/weir/public/n/002/a/b');
  expect(layout.deadline(1_795_312_715_404.5, '/a')).toBe('/weir/public/t/0001795312715404/a');
  expect(layout.deadline(1e300, '/a')).toBe('/weir/public/t/9000000000000000/a');
  expect(layout.event(66, 63)).toBe('/weir/public/e/00000000000000000066/63');
});

test('and tell it again, whatever bytes the path has', () => {
  const path = '/\xff\x00/ü/e/n';
  expect(layout.pathOf(bytesOf(layout.node(path)))).toBe(path);
  expect(layout.pathOf(bytesOf(layout.deadline(12, path)))).toBe(path);
  expect(layout.spanOf(bytesOf(layout.event(66, 63)))).toEqual([4, 66]);
});

test('a level is one range, in the order of the names, without the neighbours', () => {
  const children = layout.below('/a', 1);
  expect(['/a/b', '/a/\xff', '/a/0'].every((path) => within(layout.node(path), children))).toBe(true);
  expect(['/a', '/a0/b', '/a-/b', '/a/b/c', '/b/c'].some((path) => within(layout.node(path), children))).toBe(false);
  expect(['/a', '/\xff'].every((path) => within(layout.node(path), layout.below('/', 1)))).toBe(true);
  expect(within(layout.node('/x/y/z'), layout.below('/', 3))).toBe(true);
});

test('a range of events begins with the record that holds the index', () => {
  const { key, end } = layout.eventsFrom(40);
  const range: [string, string] = [key.toString('latin1'), end.toString('latin1')];
  expect([layout.event(39, 9), layout.event(40, 1), layout.event(66, 63)].map((record) => within(record, range))).toEqual([
    false,
    true,
    true,
  ]);
  expect([layout.event(39, 9), layout.event(40, 1)].map((record) => within(record, layout.eventsBefore(40)))).toEqual([true, false]);
});

test('what is due up to a moment', () => {
  const { key, end } = layout.due(1000);
  const range: [string, string] = [key.toString('latin1'), end.toString('latin1')];
  expect([999, 1000, 1001].map((deadline) => within(layout.deadline(deadline, '/z'), range))).toEqual([true, true, false]);
});
