/** The whole route table, walked by nobody, by a viewer, by an operator and by an administrator. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isEnough } from '../../src/core/caller.ts';
import type { Role } from '../../src/core/http.ts';
import { type House, openHouse } from './house.ts';

type Staff = Awaited<ReturnType<House['addStaff']>>;
type Door = { method: string; path: string; role: Role; surface: string | undefined };

let house: House;
let staff: Staff;
let doors: Door[];

beforeAll(async () => {
  house = await openHouse();
  staff = await house.addStaff();
  doors = house.app.routeTable.routes.map(({ method, path, role, facts }) => ({
    method,
    path,
    role: role as Role,
    surface: facts.surface,
  }));
});
afterAll(() => house.close());

/** A path that the template fits, and no narrower one, of things that are not there. */
const pathOf = (template: string): string => template.replaceAll(/:(\w+)/g, 'none').replace('*', 'none/none/none/none/none');

/** What would end the login that the walk goes on with. */
const endsLogin = ({ method, path }: Door): boolean =>
  (method === 'DELETE' && path === '/api/v3/token') || path === '/api/v1/signing-keys/rotate';

const isRefusal = (status: number): boolean => status === 401 || status === 403;

/** Looks at all of them, some at once: what takes the time is the way there and back. */
async function walk(all: readonly Door[], look: (door: Door) => Promise<void>): Promise<void> {
  const left = [...all];
  const walker = async () => {
    for (let door = left.shift(); door !== undefined; door = left.shift()) await look(door);
  };
  await Promise.all(Array.from({ length: 8 }, walker));
}

describe('every route', () => {
  test('declares its role', () => {
    expect(doors.length).toBeGreaterThan(50);
    expect(doors.filter(({ role }) => role === undefined)).toEqual([]);
  });

  test('is shut to nobody, unless it is declared open', async () => {
    const wrong: string[] = [];
    await walk(doors, async ({ method, path, role, surface }) => {
      const { status, headers, text } = await house.ask(method, pathOf(path), { patienceMs: 100 });
      const isShut = status === 401;
      if (isShut !== (role !== 'open') || status >= 500) wrong.push(`${method} ${path} (${role}) answered ${status}`);
      if (!isShut) return;
      expect(headers['www-authenticate'], path).toBe('Bearer realm="weir"');
      if (method === 'HEAD') return;
      if (surface === 'etcd-v2') expect(text, path).toContain('"errorCode":110');
      else expect(text, path).toContain('needs a login');
    });
    expect(wrong).toEqual([]);
  });

  test.each(['viewer', 'operator', 'admin'] as const)('lets a %s do what his role allows, and no more', async (role) => {
    const wrong: string[] = [];
    const allowed = doors.filter((one) => !endsLogin(one));
    await walk(allowed, async ({ method, path, role: needed, surface }) => {
      const { status, text } = await house.ask(method, pathOf(path), { token: staff[role], patienceMs: 100 });
      const isLetIn = !isRefusal(status);
      const refusal = surface === 'etcd-v2' ? 401 : 403;
      const isAsDeclared = isEnough(role, needed) ? isLetIn : status === refusal;
      if (!isAsDeclared || status === 500 || status === 0)
        wrong.push(`${method} ${path} (${needed}) answered ${status} ${text.slice(0, 200)}`);
    });
    expect(wrong).toEqual([]);
  });

  test('is shut to a token that is none, and to one that has ended', async () => {
    const ended = await house.logIn('vera');
    expect((await house.ask('DELETE', '/api/v3/token', { token: ended })).status).toBe(204);
    for (const token of ['x.y.z', 'weir_pat_none', ended]) {
      const wrong: string[] = [];
      const shut = doors.filter(({ role }) => role !== 'open');
      await walk(shut, async ({ method, path, role }) => {
        const { status, headers } = await house.ask(method, pathOf(path), { token, patienceMs: 100 });
        const isRight = status === 401 && headers['www-authenticate'] === 'Bearer realm="weir", error="invalid_token"';
        if (!isRight) wrong.push(`${method} ${path} (${role}) answered ${status}`);
      });
      expect(wrong).toEqual([]);
    }
  });

  test('a path that is no route tells a stranger nothing', async () => {
    expect((await house.ask('GET', '/api/v1/nothing-here')).status).toBe(401);
    expect((await house.ask('GET', '/api/v1/nothing-here', { token: staff.viewer })).status).toBe(404);
  });
});
