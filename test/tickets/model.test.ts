import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nameOf, Tree } from '../../src/keys/index.ts';
import { type House, openHouse } from './house.ts';

// Random deeds by all doors, beside a model that is nothing but a map.
type Entry = { description: string; state: string; severity: string; labels: string[]; comments: string[] };
type Deed =
  | { do: 'create' | 'plain-create' | 'key-create'; text: string }
  | { do: 'describe' | 'plain-describe' | 'key-describe' | 'comment'; at: number; text: string }
  | { do: 'severity'; at: number; to: string }
  | { do: 'state'; at: number; to: string }
  | { do: 'labels'; at: number; to: string[] }
  | { do: 'remove' | 'plain-remove' | 'key-remove' | 'uncomment'; at: number }
  | { do: 'remove-all' };

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((value) => value.trim() !== '' && value.isWellFormed());
const at = fc.nat({ max: 5 });
const deed: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({ do: fc.constantFrom('create' as const, 'plain-create' as const, 'key-create' as const), text }),
  fc.record({ do: fc.constantFrom('describe' as const, 'plain-describe' as const, 'key-describe' as const, 'comment' as const), at, text }),
  fc.record({ do: fc.constant('severity' as const), at, to: fc.constantFrom('low', 'medium', 'high', 'critical') }),
  fc.record({ do: fc.constant('state' as const), at, to: fc.constantFrom('open', 'in-progress', 'waiting', 'resolved', 'closed') }),
  fc.record({ do: fc.constant('labels' as const), at, to: fc.uniqueArray(fc.constantFrom('a', 'b', 'c')) }),
  fc.record({ do: fc.constantFrom('remove' as const, 'plain-remove' as const, 'key-remove' as const, 'uncomment' as const), at }),
  { arbitrary: fc.record({ do: fc.constant('remove-all' as const) }), weight: 1 },
);

const api = { by: 'ada', via: 'api' } as const;
const plain = { by: null, via: 'plain' } as const;
const fresh = (description: string): Entry => ({ description, state: 'open', severity: 'medium', labels: [], comments: [] });
const after: Record<string, string[]> = { resolved: ['open', 'closed', 'resolved'], closed: ['open', 'closed'] };

async function apply(deed: Deed, house: House, model: Map<string, Entry>): Promise<void> {
  const { tickets, engine } = house;
  const tree = new Tree(engine, 'public');
  const content = {
    state: 'open',
    severity: 'medium',
    assignee: null,
    labels: [],
    about: { hosts: [], flows: [], scans: [], jobs: [] },
  } as const;
  if (deed.do === 'remove-all') {
    await tickets.removeAll();
    return model.clear();
  }
  if (!('at' in deed)) {
    if (deed.do === 'create') model.set((await tickets.create({ ...content, description: deed.text }, api)).id, fresh(deed.text));
    else if (deed.do === 'plain-create') model.set(await tickets.createPlain(deed.text, plain), fresh(deed.text));
    else model.set(nameOf((await tree.createInOrder('/tickets', deed.text)).node.path), fresh(deed.text));
    return;
  }
  const id = [...model.keys()][deed.at];
  const entry = id === undefined ? undefined : model.get(id);
  if (id === undefined || entry === undefined) return;
  switch (deed.do) {
    case 'describe':
      await tickets.change(id, api, (ticket) => ({ ...ticket, description: deed.text }));
      entry.description = deed.text;
      return;
    case 'plain-describe':
      await tickets.replacePlain(id, deed.text, plain);
      entry.description = deed.text;
      return;
    case 'key-describe':
      await tree.set(`/tickets/${id}`, deed.text);
      entry.description = deed.text;
      return;
    case 'comment':
      await tickets.comment(id, deed.text, api);
      entry.comments.push(deed.text);
      return;
    case 'uncomment': {
      const [first] = await tickets.comments(id);
      if (first === undefined) return;
      await tickets.removeComment(id, first.id, api);
      entry.comments.shift();
      return;
    }
    case 'severity':
      await tickets.change(id, api, (ticket) => ({ ...ticket, severity: deed.to as 'low' }));
      entry.severity = deed.to;
      return;
    case 'state': {
      const move = tickets.change(id, api, (ticket) => ({ ...ticket, state: deed.to as 'open' }));
      const isAllowed = after[entry.state]?.includes(deed.to) ?? true;
      if (!isAllowed) return expect(move).rejects.toMatchObject({ code: 'conflict' });
      await move;
      entry.state = deed.to;
      return;
    }
    case 'labels':
      await tickets.change(id, api, (ticket) => ({ ...ticket, labels: deed.to }));
      entry.labels = deed.to;
      return;
    case 'remove':
    case 'plain-remove':
      await tickets.remove(id);
      model.delete(id);
      return;
    case 'key-remove':
      await tree.delete(`/tickets/${id}`);
      model.delete(id);
  }
}

async function check(house: House, model: Map<string, Entry>): Promise<void> {
  const found = await house.tickets.find({});
  expect(found.map(({ id }) => id)).toEqual([...model.keys()]);
  for (const ticket of found) {
    const entry = model.get(ticket.id) as Entry;
    const { description, state, severity, labels, comments } = ticket;
    expect({ description, state, severity, labels, comments }).toEqual({ ...entry, comments: entry.comments.length });
    expect((await house.tickets.comments(ticket.id)).map((comment) => comment.text)).toEqual(entry.comments);
    expect(await house.tickets.get(ticket.id)).toEqual(ticket);
  }
  expect((await house.tickets.listPlain()) ?? []).toEqual([...model.keys()]);
}

test('whatever is done by whichever door, all doors show the same', async () => {
  const isLong = process.env.WEIR_TEST_ALL === '1';
  const seed = Number(process.env.WEIR_SEED ?? (isLong ? Date.now() % 1_000_000 : 7));
  const property = fc.asyncProperty(fc.array(deed, { maxLength: 30 }), async (deeds) => {
    const house = await openHouse();
    const versions = new Map<string, number>();
    try {
      const model = new Map<string, Entry>();
      for (const one of deeds) {
        await apply(one, house, model);
        await check(house, model);
        for (const { id, version } of await house.tickets.find({})) {
          expect(version).toBeGreaterThanOrEqual(versions.get(id) ?? 0);
          versions.set(id, version);
        }
      }
      await house.tickets.settle();
      await check(house, model);
      // What is gone has left nothing behind.
      for (const space of ['public', 'system'] as const) {
        const { below } = await new Tree(house.engine, space).list('/tickets', 'subtree');
        const files = below.filter(({ isDir }) => !isDir).map(({ path }) => path);
        const owners = [...model.keys()].flatMap((id) => [id, String(Number(id) + 1).padStart(20, '0')]);
        expect(files.filter((path) => !owners.some((owner) => path.includes(owner)))).toEqual([]);
      }
    } finally {
      await house.close();
    }
  });
  await fc.assert(property, { numRuns: isLong ? 100 : 10, seed });
});
