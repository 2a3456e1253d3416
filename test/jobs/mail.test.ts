/** Mails about jobs: handed to msmtp as sendmail(8), received by aiosmtpd. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findProgram } from '../../src/core/find-program.ts';
import { House, pause } from './house.ts';

const missing = ['msmtp', 'aiosmtpd'].filter((program) => findProgram(program) === undefined);

test('a mail is refused where there is no sendmail, with a word about what would help', async () => {
  const house = new House(['jobs.mail.sendmail=no-such-program']);
  await house.start();
  await expect(house.submit({ command: ['true'], mailuser: 'ann' })).rejects.toThrow(/no-such-program is not here.*apt-get install/);
  await expect(house.submit({ command: ['true'], mailuser: '-Cfile' })).rejects.toThrow(/a user or an address/);
  await expect(house.submit({ command: ['true'], mailuser: 'ann\nBcc: bob' })).rejects.toThrow(/a user or an address/);
  await house.close();
});

describe.skipIf(missing.length > 0)(missing.length > 0 ? `mails: without ${missing.join(' and ')}` : 'mails', () => {
  let server: ChildProcess;
  let house: House;
  let home = '';
  let received = '';

  beforeAll(async () => {
    const port = await freePort();
    server = spawn('aiosmtpd', ['-n', '-l', `127.0.0.1:${port}`, '-c', 'aiosmtpd.handlers.Debugging', 'stdout'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, PYTHONUNBUFFERED: '1' },
    });
    server.stdout?.on('data', (text) => (received += String(text)));
    while (!(await isOpen(port))) await pause(50);
    home = mkdtempSync(join(tmpdir(), 'weir-mail-'));
    writeFileSync(join(home, '.msmtprc'), `account default\nhost 127.0.0.1\nport ${port}\nfrom weir@example.net\ndomain example.net\n`, {
      mode: 0o600,
    });
    house = new House(['jobs.mail.sendmail=msmtp', 'jobs.mail.from=Weir <weir@example.net>'], { HOME: home });
    await house.start();
  });

  afterAll(async () => {
    await house?.close();
    server?.kill();
    rmSync(home, { recursive: true, force: true });
  });

  /** The mails that have come so far, each with its head and its body as text. */
  const mails = () =>
    received
      .split('---------- MESSAGE FOLLOWS ----------')
      .slice(1)
      .map((text) => {
        const [head = '', body = ''] = text.split('------------ END MESSAGE ------------')[0]?.trim().split('\n\n') ?? [];
        return { head, body: Buffer.from(body, 'base64').toString() };
      });

  const mailAbout = async (id: string) => {
    for (;;) {
      const found = mails().find(({ body }) => body.includes(id));
      if (found !== undefined) return found;
      await pause(20);
    }
  };

  test('a job that is over is told to whom it was submitted with, once', async () => {
    const { id } = await house.submit({ command: ['sh', '-c', 'exit 3'], name: 'nächtlich', mailuser: 'ann@example.org' });
    const { head, body } = await mailAbout(id);
    expect(head).toContain('To: ann@example.org');
    expect(head).toContain('From: Weir <weir@example.net>');
    expect(head).toContain('Auto-Submitted: auto-generated');
    const subject = /^Subject: ((?:.|\n )+)$/m.exec(head)?.[1] ?? '';
    const words = subject.replace(/=\?utf-8\?B\?([^?]*)\?=(?:\n )?/g, (_all, word) => Buffer.from(word, 'base64').toString());
    expect(words).toBe(`job ${id} nächtlich: Failed, exit code 3`);
    expect(body).toMatch(/^Job +\d{9} \(nächtlich\)\nState +Failed, exit code 3\nCommand +sh -c 'exit 3'\n/);
    await house.submit({ command: ['true'] });
    await pause(300);
    expect(mails().filter((mail) => mail.body.includes(id))).toHaveLength(1);
    expect(await (await fetch(`${house.url}/metrics`)).text()).toContain('weir_jobs_mails_total{outcome="sent"} 1');
  });

  test('an array is told as one', async () => {
    const { id } = await house.submit({ command: ['true'], array: '0-3', mailuser: 'ann@example.org' });
    expect((await mailAbout(id)).head).toContain(`Subject: job ${id}: Done`);
    await pause(300);
    expect(mails()).toHaveLength(2);
  });

  test('one that is stopped before it starts is told, too', async () => {
    const { id } = await house.submit({ command: ['true'], hold: true, mailuser: 'bob@example.org' });
    await house.ask('POST', `/api/v1/jobs/${id}/stop`);
    expect((await mailAbout(id)).head).toContain('To: bob@example.org');
  });

  test('a mail system that is away costs the mail and nothing else, and is counted', async () => {
    server.kill();
    const { id } = await house.submit({ command: ['true'], mailuser: 'ann@example.org' });
    await house.until(id, 'Done');
    while (!(await (await fetch(`${house.url}/metrics`)).text()).includes('weir_jobs_mails_total{outcome="failed"} 1')) await pause(50);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1', () => resolve(true) as unknown);
    socket.once('error', () => resolve(false)).once('connect', () => socket.destroy());
  });
}
