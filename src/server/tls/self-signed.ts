/**
 * The certificate that Weir makes itself: an authority of its own of which nothing else can be signed, so that a client may
 * either pin it or trust that one file (`verify=certificate.pem`), under strict checks of X.509 too.
 */
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Problem } from '../../core/problem.ts';
import { type CredentialFiles, type Credentials, checkCredentials, factsOf, readKey } from './credentials.ts';

const hour = 60 * 60 * 1000;
const day = 24 * hour;

/** Clients whose clocks are behind must not refuse a fresh certificate. */
const backdatedBy = hour;
/** What browsers take at most is 398 days. */
const lifetime = 397 * day;
/** A certificate with less than this left is replaced. */
const renewBefore = 30 * day;

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** Where the certificate of a data directory is. */
export function selfSignedFiles(dataFolder: string): CredentialFiles {
  return { cert: join(dataFolder, 'tls', 'certificate.pem'), key: join(dataFolder, 'tls', 'key.pem') };
}

/** What a certificate is to be good for, at a moment (milliseconds since the epoch). */
export type Wish = { names: readonly string[]; now: number };

/**
 * The certificate of a data directory: the one there is, or a new one when there is none, when it nears its end, or when it
 * lacks one of the names. The key stays the same as long as it is there. Throws Problem for names and files that cannot be used.
 */
export async function openSelfSigned(dataFolder: string, wish: Wish): Promise<Credentials & { isNew: boolean }> {
  const files = selfSignedFiles(dataFolder);
  mkdirSync(join(dataFolder, 'tls'), { recursive: true, mode: 0o700 });
  const names = allNames(wish.names);
  const found = readFound(files);
  if (found !== undefined && isGood(found, names, wish.now)) return { ...found, isNew: false };
  const key = found?.key ?? makeKey();
  if (found === undefined) writePrivate(files.key, key);
  const cert = await makeCertificate(readKey(key, files.key), { names, now: wish.now });
  writePrivate(files.cert, cert);
  return { cert, key, isNew: true };
}

function readFound(files: CredentialFiles): Credentials | undefined {
  if (!existsSync(files.key)) return undefined;
  // Others may have copied it meanwhile, but not from now on.
  chmodSync(files.key, 0o600);
  return { key: readFileSync(files.key, 'utf8'), cert: existsSync(files.cert) ? readFileSync(files.cert, 'utf8') : '' };
}

function isGood(found: Credentials, names: readonly string[], now: number): boolean {
  try {
    const { until, names: has } = factsOf(checkCredentials(found, { cert: 'certificate', key: 'key' }));
    const known = new Set(has.map(canonical));
    return until - now > renewBefore && names.every((name) => known.has(canonical(name)));
  } catch {
    return false; // damaged, or of another key: a new one takes its place
  }
}

/** The names of this machine and those that the configuration adds, each once. */
function allNames(added: readonly string[]): string[] {
  const wrong = added.find((name) => isIP(name) === 0 && !isName(name));
  if (wrong !== undefined) {
    throw new Problem('invalid', `${JSON.stringify(wrong)} is no name for a certificate.`, {
      detail: 'expected a DNS name or an address, without a port',
      pointer: 'server.tls.names',
    });
  }
  const own = hostname();
  const names = [...(isName(own) ? [own] : []), 'localhost', '127.0.0.1', '::1', ...added];
  return [...new Map(names.map((name) => [canonical(name), name])).values()];
}

const isName = (text: string): boolean =>
  /^(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*$/.test(text);

/** One form for each name: certificates spell out IPv6 (`0:0:0:0:0:0:0:1`). */
const canonical = (name: string): string => (isIP(name) === 6 ? new URL(`http://[${name}]`).hostname : name.toLowerCase());

const makeKey = (): string =>
  generateKeyPairSync('ec', {
    namedCurve: algorithm.namedCurve,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey;

async function makeCertificate(key: KeyObject, { names, now }: Wish): Promise<string> {
  await import('reflect-metadata'); // x509 needs it, and it costs a start of other modes nothing
  const x509 = await import('@peculiar/x509');
  const keys = await importKey(key);
  const name = [{ CN: [(names[0] ?? 'localhost').slice(0, 64)] }, { O: ['Weir'] }];
  const from = now - backdatedBy;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name,
    notBefore: new Date(from),
    notAfter: new Date(from + lifetime),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyCertSign, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }))),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
    ],
  });
  return new X509Certificate(Buffer.from(certificate.rawData)).toString();
}

async function importKey(secret: KeyObject): Promise<webcrypto.CryptoKeyPair> {
  const pkcs8 = secret.export({ type: 'pkcs8', format: 'der' });
  const spki = createPublicKey(secret).export({ type: 'spki', format: 'der' });
  return {
    privateKey: await webcrypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']),
    publicKey: await webcrypto.subtle.importKey('spki', spki, algorithm, true, ['verify']),
  };
}

/** 16 random octets as hex, positive and without a leading zero (RFC 5280 section 4.1.2.2). */
function serialNumber(): string {
  const octets = randomBytes(16);
  octets[0] = ((octets[0] ?? 0) & 0x7f) | 0x40;
  return octets.toString('hex');
}

// By rename, so that nobody reads half of it, and private from its first moment on.
function writePrivate(file: string, text: string): void {
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, text, { mode: 0o600 });
  renameSync(fresh, file);
}
