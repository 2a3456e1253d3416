/** Certificates for tests, made by openssl as an operator would. */
import { execFile, execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files of a certificate and its key (PEM). */
export type Pair = { cert: string; key: string };

const openssl = (...words: string[]): string => execFileSync('openssl', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** An authority of its own. */
export function makeAuthority(folder: string, name = 'authority'): Pair {
  const pair = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...curve, '-keyout', pair.key, '-out', pair.cert, '-days', '30', '-subj', `/CN=${name}`);
  return pair;
}

/** A certificate for `names` (DNS and addresses), signed by an authority; for a client it needs none. */
export function issue(folder: string, authority: Pair, name: string, names: readonly string[] = []): Pair {
  const pair = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
  const [request, extensions] = [join(folder, `${name}.csr`), join(folder, `${name}.ext`)];
  const alternatives = names.map((entry) => (/^[\d.]+$/.test(entry) ? `IP:${entry}` : `DNS:${entry}`)).join(',');
  writeFileSync(extensions, alternatives === '' ? 'extendedKeyUsage=clientAuth\n' : `subjectAltName=${alternatives}\n`);
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', ...curve, '-keyout', pair.key, '-out', request, '-subj', `/CN=${name}`);
  const signer = ['-CA', authority.cert, '-CAkey', authority.key, '-CAcreateserial'];
  openssl('x509', '-req', '-in', request, ...signer, '-out', pair.cert, '-days', '20', '-extfile', extensions);
  return pair;
}

/** SHA-256 of a certificate, lower-case hex. */
export function fingerprintOf(cert: string): string {
  const text = openssl('x509', '-in', cert, '-noout', '-fingerprint', '-sha256');
  return text
    .slice(text.indexOf('=') + 1)
    .trim()
    .replaceAll(':', '')
    .toLowerCase();
}

/** What a client of one version of TLS gets: the cipher, or undefined when it is turned away. */
export function probe(port: number, ...words: string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const command = execFile('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...words], (_error, stdout) =>
      resolve(/Cipher is (?!\(NONE\))(\S+)/.exec(stdout)?.[1]),
    );
    command.stdin?.end();
  });
}

export const read = (file: string): string => readFileSync(file, 'utf8');
