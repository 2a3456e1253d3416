import { expect, test } from 'vitest';
import { createLog } from './log.ts';
import { Lifetime } from './shutdown.ts';

const log = createLog({ level: 'silent' });

function parts(events: string[], failing: Record<string, 'start' | 'stop'> = {}) {
  return ['store', 'rooms', 'listener'].map((name) => ({
    name,
    start: async () => {
      events.push(`start ${name}`);
      if (failing[name] === 'start') throw new Error('no');
    },
    stop: async () => {
      events.push(`stop ${name}`);
      if (failing[name] === 'stop') throw new Error('no');
    },
  }));
}

test('starts in order and stops in reverse, once', async () => {
  const events: string[] = [];
  const lifetime = new Lifetime(parts(events), log);
  await lifetime.start();
  expect(await lifetime.stop()).toBe(true);
  expect(await lifetime.stop()).toBe(true);
  expect(events).toEqual(['start store', 'start rooms', 'start listener', 'stop listener', 'stop rooms', 'stop store']);
});

test('a start that fails stops what was begun, the failed one included', async () => {
  const events: string[] = [];
  await expect(new Lifetime(parts(events, { rooms: 'start' }), log).start()).rejects.toThrow('no');
  expect(events).toEqual(['start store', 'start rooms', 'stop rooms', 'stop store']);
});

test('a stop that fails does not keep the others from stopping', async () => {
  const events: string[] = [];
  const lifetime = new Lifetime(parts(events, { rooms: 'stop' }), log);
  await lifetime.start();
  expect(await lifetime.stop()).toBe(false);
  expect(events.slice(3)).toEqual(['stop listener', 'stop rooms', 'stop store']);
});
