/** Programs in Python that log in as those of Accelerator do: a form, then `Bearer:TOKEN`, over one kept-alive session. */
import { execFile, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type House, openHouse, right } from './house.ts';

const run = promisify(execFile);
const examples = new URL('../../examples', import.meta.url).pathname;
const python = ['python3', '/usr/bin/python3'].find((name) => spawnSync(name, ['-c', 'import requests']).status === 0);

let house: House;
beforeAll(async () => {
  house = await openHouse();
  await house.addStaff();
});
afterAll(() => house.close());

const program = `
import os, sys, requests
from getToken import getJWT

url = os.environ["NC_URL"]
session = requests.Session()
token = getJWT(session, url, sys.argv[1], sys.argv[2])
print(token.split(":")[0], token.count(":"))
for path in sys.argv[3:]:
    print(session.get(url + path, headers={"Authorization": token}).status_code)
`;

const runProgram = (...words: string[]) =>
  run(python ?? 'python3', ['-c', program, ...words], {
    env: { ...process.env, PYTHONPATH: examples, NC_URL: house.url, HOME: '/nonexistent' },
  });

test.skipIf(python === undefined)(
  'log in by a form and go on with Bearer:TOKEN on the same connection [needs Python with requests]',
  async () => {
    let connections = 0;
    const count = () => {
      connections += 1;
    };
    house.app.server.on('connection', count);
    const { stdout } = await runProgram('vera', right, '/', '/tickets', '/api/v1/users/vera', '/api/v1/users', '/v2/keys/');
    house.app.server.off('connection', count);
    expect(stdout.split('\n')).toEqual(['Bearer 1', '200', '200', '200', '403', '200', '']);
    expect(connections).toBe(1);
  },
);

test.skipIf(python === undefined)('are told why they are refused [needs Python with requests]', async () => {
  await expect(runProgram('vera', 'wrong')).rejects.toMatchObject({ stderr: 'No token for vera: invalid_grant\n' });
  await expect(runProgram('', '')).rejects.toMatchObject({ stderr: expect.stringContaining('No token for : invalid_grant') });
});

test.skipIf(python === undefined)('are not let in by a token that somebody else signed [needs Python with requests]', async () => {
  // A server of somebody else takes the login and gives a token of its own.
  const thief = createServer((socket) => {
    socket.once('data', () =>
      socket.end(
        'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{"token_type":"Bearer","access_token":"x.y.z"}',
      ),
    );
  });
  await new Promise<void>((resolve) => thief.listen(0, '127.0.0.1', resolve));
  const { port } = thief.address() as { port: number };
  const stolen = `
import requests
from getToken import getJWT
token = getJWT(requests, "http://127.0.0.1:${port}", "vera", "x")
print(requests.get("${house.url}/", headers={"Authorization": token}).status_code)
`;
  const { stdout } = await run(python ?? 'python3', ['-c', stolen], {
    env: { ...process.env, PYTHONPATH: examples, HOME: '/nonexistent' },
  });
  thief.close();
  expect(stdout).toBe('401\n');
});
