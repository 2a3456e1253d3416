import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { factsOf, readCertificate } from './credentials.ts';
import { openSelfSigned, selfSignedFiles } from './self-signed.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-self-signed-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const now = Date.now();
const day = 86_400_000;
const open = (names: string[] = [], at = now) => openSelfSigned(folder, { names, now: at });
const factsAt = (pem: string) => factsOf(readCertificate(pem, 'test'));

test('is what strict clients of today take', async () => {
  await open(['weir.example', '192.0.2.7']);
  const { cert } = selfSignedFiles(folder);
  const text = execFileSync('openssl', ['x509', '-in', cert, '-noout', '-text'], { encoding: 'utf8' });
  expect(text).toMatch(/ASN1 OID: prime256v1/);
  expect(text).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
  expect(text).toMatch(/Key Usage: critical\s+Digital Signature, Certificate Sign\n/);
  expect(text).toMatch(/Extended Key Usage:\s+TLS Web Server Authentication\n/);
  expect(text).toMatch(/Subject Key Identifier/);
  expect(text).toMatch(/Authority Key Identifier/);
  expect(text).toMatch(/DNS:localhost, IP Address:127\.0\.0\.1, IP Address:0:0:0:0:0:0:0:1, DNS:weir\.example, IP Address:192\.0\.2\.7/);
  expect(text).toMatch(/Serial Number:\s+([4-7][0-9a-f])(:[0-9a-f]{2}){15}\n/);
  expect(execFileSync('openssl', ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', cert, cert], { encoding: 'utf8' })).toMatch(
    /OK/,
  );
});

test('begins an hour ago and lasts 397 days', async () => {
  const { from, until } = factsAt((await open()).cert);
  expect(now - from).toBeGreaterThanOrEqual(3_600_000);
  expect(now - from).toBeLessThan(3_602_000);
  expect((until - from) / day).toBe(397);
});

test('is kept, readable by its owner alone', async () => {
  const first = await open();
  expect([first.isNew, (await open()).isNew]).toEqual([true, false]);
  const { cert, key } = selfSignedFiles(folder);
  expect([cert, key, join(folder, 'tls')].map((path) => statSync(path).mode & 0o777)).toEqual([0o600, 0o600, 0o700]);
});

test('is renewed 30 days before its end, with the same key', async () => {
  const first = await open();
  expect((await open([], now + 366 * day)).isNew).toBe(false);
  const second = await open([], now + 368 * day);
  expect([second.isNew, second.key === first.key]).toEqual([true, true]);
  expect(factsAt(second.cert).publicKey).toBe(factsAt(first.cert).publicKey);
  expect(factsAt(second.cert).fingerprint).not.toBe(factsAt(first.cert).fingerprint);
});

test('a name more makes a new one with the same key, a name less none', async () => {
  const first = await open(['a.example', '2001:db8::1']);
  expect((await open(['A.example'])).isNew).toBe(false);
  const second = await open(['a.example', 'b.example']);
  expect([second.isNew, second.key === first.key]).toEqual([true, true]);
});

test('a damaged certificate is made anew, a damaged key is not', async () => {
  await open();
  const { cert, key } = selfSignedFiles(folder);
  writeFileSync(cert, 'nonsense');
  expect((await open()).isNew).toBe(true);
  writeFileSync(key, 'nonsense');
  await expect(open()).rejects.toMatchObject({ code: 'invalid', title: `${key} cannot be used as a key.` });
  expect(readFileSync(key, 'utf8')).toBe('nonsense');
});

test.each(['a b', 'https://a.example', 'a.example:443', ''])('%j is no name', async (name) => {
  await expect(open([name])).rejects.toMatchObject({ code: 'invalid', pointer: 'server.tls.names' });
});
