import { setTimeout as sleep } from 'node:timers/promises';
import { MessageChannel, Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { receiveBytes, sendBytes } from './byte-port.ts';
import { Problem } from './problem.ts';
import { blockWindow, Caller, type Handlers, nearPorts, serveCalls } from './thread.ts';

let channel: MessageChannel;
beforeEach(() => {
  channel = new MessageChannel();
});
afterEach(() => {
  channel.port1.close();
  channel.port2.close();
});
const callerOf = (handlers: Handlers): Caller => {
  serveCalls(channel.port1, handlers);
  return new Caller(channel.port2);
};

describe('a call to another thread', () => {
  it('answers what its handler returns, several at once in any order', async () => {
    const caller = callerOf({
      later: async (ms: number) => {
        await sleep(ms);
        return ms;
      },
    });
    expect(await Promise.all([caller.call('later', 20), caller.call('later', 1)])).toEqual([20, 1]);
  });

  it('rejects with the Problem of its handler, whole', async () => {
    const caller = callerOf({
      fail: async () => {
        throw new Problem('conflict', 'taken', { detail: 'by another', facts: { import: 3 } });
      },
      break: async () => {
        throw new RangeError('out of range');
      },
    });
    await expect(caller.call('fail')).rejects.toMatchObject({
      code: 'conflict',
      title: 'taken',
      detail: 'by another',
      facts: { import: 3 },
    });
    await expect(caller.call('break')).rejects.toMatchObject({ code: 'internal', title: 'out of range' });
    await expect(caller.call('nothing')).rejects.toMatchObject({ code: 'internal' });
  });

  it('rejects what cannot be sent, either way, and goes on', async () => {
    const caller = callerOf({ echo: async (value: unknown) => value, closure: async () => () => 1 });
    await expect(caller.call('echo', () => 1)).rejects.toThrow();
    await expect(caller.call('closure')).rejects.toMatchObject({ code: 'internal' });
    expect(await caller.call('echo', 5)).toBe(5);
  });

  it('works the same way within one thread, where blocks stay what they are', async () => {
    const [port1, port2] = nearPorts();
    const block = Uint8Array.of(1, 2, 3);
    const handlers: Handlers = {
      pour: async (_, context) => {
        await context.send(block);
        return 'poured';
      },
      fail: async () => {
        throw new Problem('conflict', 'taken');
      },
    };
    serveCalls(port1, handlers);
    const caller = new Caller(port2);
    const blocks: Uint8Array[] = [];
    const poured = caller.call('pour', undefined, {
      onBlock: (bytes, release) => {
        blocks.push(bytes);
        release();
      },
    });
    expect(blocks).toEqual([]); // nothing comes before the caller has gone on
    expect(await poured).toBe('poured');
    expect(blocks).toEqual([Uint8Array.of(1, 2, 3)]);
    expect(blocks[0]).toBe(block);
    await expect(caller.call('fail')).rejects.toMatchObject({ code: 'conflict', title: 'taken' });
  });

  it('holds a sender back while blocks are not released, and gives it their buffers again', async () => {
    let sent = 0;
    let spares = 0;
    const caller = callerOf({
      pour: async (blocks: number, context) => {
        for (; sent < blocks; sent++) {
          if (context.spare() !== undefined) spares++;
          await context.send(new Uint8Array(100));
        }
      },
    });
    const releases: (() => void)[] = [];
    const pouring = caller.call('pour', 3 * blockWindow, { onBlock: (_, release) => void releases.push(release) });
    await expect.poll(() => [sent, releases.length]).toEqual([blockWindow, blockWindow]);
    await sleep(10);
    expect(sent).toBe(blockWindow);
    releases.shift()?.();
    await expect.poll(() => sent).toBe(blockWindow + 1);
    while (sent < 3 * blockWindow) {
      releases.shift()?.();
      await sleep(0);
    }
    await pouring;
    expect(spares).toBeGreaterThan(10);
  });

  it('wakes a held sender when the caller gives up', async () => {
    const caller = callerOf({
      pour: async (_: undefined, context) => {
        for (;;) await context.send(new Uint8Array(10));
      },
    });
    const controller = new AbortController();
    const pouring = caller.call('pour', undefined, { signal: controller.signal, onBlock: () => undefined });
    setTimeout(() => controller.abort(), 20);
    await expect(pouring).rejects.toMatchObject({ code: 'gone' });
  });

  it('tells news on the way', async () => {
    const caller = callerOf({
      work: async (_: undefined, context) => {
        for (const step of [1, 2, 3]) context.tell(step);
      },
    });
    const news: unknown[] = [];
    await caller.call('work', undefined, { onNews: (one) => void news.push(one) });
    expect(news).toEqual([1, 2, 3]);
  });

  it('fails when the thread is lost, and so does every later one', async () => {
    const worker = new Worker('setInterval(() => {}, 1000)', { eval: true });
    const caller = new Caller(worker);
    worker.on('exit', () => caller.lose(new Problem('unavailable', 'the thread has ended')));
    const waiting = caller.call('anything');
    setTimeout(() => void worker.terminate(), 50);
    await expect(waiting).rejects.toMatchObject({ code: 'unavailable' });
    await expect(caller.call('anything')).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('bytes to another thread', () => {
  const chunks = async function* (count: number, octets: number): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < count; at++) yield new Uint8Array(octets).fill(at);
  };

  it('arrive whole and in order, whatever the sizes', async () => {
    const parts = [1, 600_000, 3, 0, 1_500_000, 7].map((octets, at) => new Uint8Array(octets).fill(at + 1));
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield* parts;
    };
    const sending = sendBytes(channel.port1, source());
    const got: Uint8Array[] = [];
    for await (const bytes of receiveBytes(channel.port2)) got.push(bytes);
    await sending;
    expect(Buffer.concat(got).equals(Buffer.concat(parts))).toBe(true);
  });

  it('are not taken from the source faster than they are read', async () => {
    let given = 0;
    const source = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunks(1000, 100_000)) {
        given += chunk.length;
        yield chunk;
      }
    };
    const sending = sendBytes(channel.port1, source());
    const reader = receiveBytes(channel.port2);
    await reader.next();
    await sleep(50);
    expect(given).toBeLessThan(10_000_000);
    await reader.return(undefined);
    await sending;
    expect(given).toBeLessThan(10_000_000);
  });

  it('end in the fault of their source', async () => {
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(10);
      throw new Problem('timeout', 'too slow');
    };
    const sending = sendBytes(channel.port1, source());
    sending.catch(() => undefined);
    const reading = (async () => {
      for await (const _ of receiveBytes(channel.port2));
    })();
    await expect(reading).rejects.toMatchObject({ code: 'timeout' });
    await expect(sending).rejects.toMatchObject({ code: 'timeout' });
  });

  it('end in a Problem when the sender goes without a word', async () => {
    const reading = receiveBytes(channel.port2).next();
    setTimeout(() => channel.port1.close(), 10);
    await expect(reading).rejects.toMatchObject({ code: 'unavailable' });
  });
});
