import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Turns } from './turns.ts';

const never = new AbortController().signal;

/** Asks for a turn, and notes when it has come. */
function ask(turns: Turns, name: string, came: string[], signal = never) {
  return turns.take(signal).then((turn) => {
    came.push(name);
    return turn;
  });
}

describe('turns', () => {
  test('come in the order in which they were asked for, so many at once', async () => {
    const turns = new Turns(2);
    const came: string[] = [];
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => ask(turns, name, came));
    const first = await a;
    await b;
    await pause(120); // who works keeps the turn, however long it takes
    expect(came).toEqual(['a', 'b']);
    first?.end();
    await c;
    expect(came).toEqual(['a', 'b', 'c']);
    first?.end(); // once is enough
    await pause(5);
    expect(came).toEqual(['a', 'b', 'c']);
    (await c)?.end();
    await d;
  });

  test('are lost by who waits for somebody else, and come again', async () => {
    const turns = new Turns(1);
    const came: string[] = [];
    const slow = await ask(turns, 'slow', came);
    const client = Promise.withResolvers<void>();
    const sent = slow.wait(client.promise).then(() => came.push('slow again'));
    const other = await ask(turns, 'other', came);
    client.resolve();
    await pause(5);
    expect(came).toEqual(['slow', 'other']);
    other.end();
    await sent;
    expect(came).toEqual(['slow', 'other', 'slow again']);
    slow.end();
    (await ask(turns, 'last', came)).end();
  });

  test('are kept by who waits when nobody asks for one', async () => {
    const turns = new Turns(1);
    const turn = await turns.take(never);
    await turn.wait(pause(150));
    const came: string[] = [];
    const next = ask(turns, 'next', came);
    await pause(120);
    expect(came).toEqual([]);
    turn.end();
    (await next).end();
  });

  test('are not waited for any more when the signal aborts', async () => {
    const turns = new Turns(1);
    const came: string[] = [];
    const held = await ask(turns, 'held', came);
    const gone = new AbortController();
    const leaving = ask(turns, 'gone', came, gone.signal);
    const next = ask(turns, 'next', came);
    gone.abort(new Error('gave up'));
    await expect(leaving).rejects.toThrow('gave up');
    await expect(turns.take(gone.signal)).rejects.toThrow('gave up');
    held.end();
    (await next).end();
    expect(came).toEqual(['held', 'next']);
  });

  test('are lost, too, by many who wait at once, and none is lent twice', async () => {
    const turns = new Turns(2);
    let held = 0;
    let most = 0;
    const work = async (waits: boolean) => {
      const turn = await turns.take(never);
      most = Math.max(most, ++held);
      await pause(2);
      held--;
      if (waits) await turn.wait(pause(130));
      turn.end();
    };
    await Promise.all(Array.from({ length: 12 }, (_, at) => work(at % 3 === 0)));
    expect(most).toBe(2);
  });
});
