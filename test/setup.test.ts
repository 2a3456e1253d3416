import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

// scripts/setup on a machine of our making: its PATH holds only what a test puts there.
const script = new URL('../scripts/setup', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'weir-setup-'));
beforeAll(() => {
  for (const program of ['id', 'mktemp', 'rm', 'tail', 'sed', 'env', 'cat']) symlinkSync(`/usr/bin/${program}`, join(folder, program));
});
afterAll(() => rmSync(folder, { recursive: true }));

const setup = () => spawnSync('/bin/bash', [script], { encoding: 'utf8', env: { PATH: folder, PYTHON_PACKAGES: folder } });
const put = (name: string, body: string) => writeFileSync(join(folder, name), `#!/bin/bash\n${body}\n`, { mode: 0o755 });

test('names what is missing and what is skipped for it where there is no apt, and succeeds', () => {
  const { status, stdout, stderr } = setup();
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^setup: there is no apt-get here; without these programs:\n/);
  expect(stdout).toMatch(/tshark +\(package tshark\) skipped: comparison/);
});

test('names them too where neither root nor sudo helps', () => {
  put('apt-get', 'exit 0');
  rmSync(join(folder, 'id'));
  put('id', 'echo 1000');
  const { status, stdout } = setup();
  expect(status).toBe(0);
  expect(stdout).toContain('neither root nor sudo without a password');
});

test('tells the last words of apt where an install fails, and succeeds', () => {
  put('id', 'echo 0');
  put('apt-get', 'echo "E: Unable to locate package"; exit 100');
  const { status, stdout } = setup();
  expect(status).toBe(0);
  expect(stdout).toContain('apt: E: Unable to locate package');
  expect(stdout).toContain('not everything could be installed; without these programs:');
});

test('installs without questions, and says what it installed', () => {
  // An apt that "installs" a package by making its programs appear.
  const programs =
    'tcpdump tshark xz zstd bzip2 lz4 nfdump argus ra softflowd xmllint curl sqlite3 time etcd etcdctl requests flask wrk java parallel tsp slurmctld munged nmap nft nc msmtp aiosmtpd socat';
  put(
    'apt-get',
    `[ "$DEBIAN_FRONTEND" = noninteractive ] || exit 9\nfor p in ${programs}; do echo '#!/bin/bash' > ${folder}/$p; /bin/chmod 755 ${folder}/$p; done`,
  );
  const { status, stdout } = setup();
  expect(status).toBe(0);
  expect(stdout).toMatch(/setup: installed .*tshark/);
});

test('does nothing and says so in one line when all is there', () => {
  put('apt-get', 'echo called >&2; exit 1');
  const { status, stdout, stderr } = setup();
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^setup: all \d+ system programs are here\n$/);
});
