/**
 * Which servers a command trusts. One process runs one command, so this is settled once, from its global options, and holds
 * for every connection that is opened afterwards.
 */
import { createHash, type X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect, rootCertificates, type TLSSocket } from 'node:tls';
import { Problem } from '../core/problem.ts';
import type { GlobalOptions } from './command.ts';

/** What makes a server trustworthy, besides the authorities that Node brings along. */
export type Trust = {
  /** More authorities, or certificates that vouch for themselves (PEM). */
  authority?: string;
  /** SHA-256 of a certificate or of its public key, lower-case hex: the server has one of these, and nothing else counts. */
  pins: readonly string[];
  /** Take whoever answers. */
  isBlind: boolean;
};

/** The options that a command line has for it. */
export type TrustOptions = { [Name in 'cacert' | 'pin' | 'insecure']: GlobalOptions[Name] | undefined };

let settled: Trust = { pins: [], isBlind: false };

/** The trust of this process. */
export const currentTrust = (): Trust => settled;

/** Settles the trust of this process by `--cacert`, `--pin` and `--insecure`. Throws Problem('invalid') for what cannot be read. */
export function settleTrust({ cacert, pin, insecure }: TrustOptions): void {
  settled = {
    ...(cacert && { authority: readAuthority(cacert) }),
    pins: (pin ?? '').split(',').filter(Boolean).map(readPin),
    isBlind: insecure === true,
  };
  if (settled.isBlind) process.stderr.write('weir: --insecure: whoever answers is believed to be the server\n');
}

function readAuthority(file: string): string {
  let pem = '';
  try {
    pem = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new Problem('invalid', `--cacert ${file} cannot be read`, { detail: (cause as Error).message, cause });
  }
  if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
  throw new Problem('invalid', `--cacert ${file} holds no certificate in PEM form`, {
    hint: 'openssl x509 -inform der -in FILE -out FILE.pem',
  });
}

/** `AB:CD:…`, `abcd…` (both also with `sha256:` in front), or curl's `sha256//BASE64`. */
function readPin(text: string): string {
  const hex = text
    .replace(/^sha-?256[:=]/i, '')
    .replaceAll(':', '')
    .toLowerCase();
  if (/^[0-9a-f]{64}$/.test(hex)) return hex;
  const octets = /^sha256\/\/([A-Za-z0-9+/]{43}=)$/.exec(text)?.[1];
  if (octets !== undefined) return Buffer.from(octets, 'base64').toString('hex');
  throw new Problem('invalid', `--pin ${text} is no SHA-256 fingerprint`, {
    detail: 'expected 64 hexadecimal digits, with or without colons, or sha256//BASE64 of the public key',
    hint: 'weir tls fingerprint, on the server',
  });
}

/** Refuses plain HTTP to another machine where a pin says that the server has to be known: what is sent could go to anybody. */
export function checkPlain({ server, host }: { server: string; host: string }, { pins }: Trust): void {
  if (pins.length === 0 || /^(localhost|127(\.\d{1,3}){3}|::1)$/.test(host)) return;
  throw new Problem('denied', `${server} is plain HTTP, where no --pin can be checked`, {
    hint: `--server ${server.replace(/^http:/, 'https:')}`,
  });
}

/** A TLS connection that emits `trusted` once the server has shown that it is: before that nothing may be sent. */
export function trustedConnection(options: ConnectionOptions, { authority, pins, isBlind }: Trust): TLSSocket {
  const ca = authority === undefined ? {} : { ca: [...rootCertificates, authority] };
  const isPinned = pins.length > 0;
  const host = options.host ?? '';
  const name = isIP(host) === 0 ? { servername: host } : {};
  const socket = connect({ ...options, ...ca, ...name, minVersion: 'TLSv1.2', rejectUnauthorized: !isPinned && !isBlind });
  socket.once('secureConnect', () => {
    const fault = isPinned ? pinFault(socket, pins) : undefined;
    if (fault === undefined) socket.emit('trusted');
    else socket.destroy(fault);
  });
  return socket;
}

/** Keeps connections to one server, each opened only when the server has shown that it is trusted. */
export class TrustedAgent extends https.Agent {
  readonly #trust: Trust;

  constructor(trust: Trust) {
    super({ keepAlive: true });
    this.#trust = trust;
  }

  override createConnection(options: https.RequestOptions, done?: (error: Error | null, socket: Duplex) => void): undefined {
    const socket = trustedConnection({ ...(options as ConnectionOptions), ALPNProtocols: ['http/1.1'] }, this.#trust);
    socket.once('error', (error) => done?.(error, socket));
    socket.once('trusted', () => done?.(null, socket));
    return undefined;
  }
}

/** A server whose certificate is another one than it should be. */
class PinError extends Error {
  readonly code = 'WEIR_PIN';
}

function pinFault(socket: TLSSocket, pins: readonly string[]): PinError | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return new PinError('the server showed no certificate');
  if (pinsOf(certificate).some((pin) => pins.includes(pin))) return undefined;
  return new PinError(`the server showed ${certificate.fingerprint256}`);
}

const pinsOf = (certificate: X509Certificate): string[] => [
  certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
  createHash('sha256')
    .update(certificate.publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex'),
];

const untrusted = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_UNTRUSTED',
  'INVALID_CA',
]);

/** What a failed handshake means and what mends it; undefined when it was something else. */
export function trustProblem(error: unknown, server: string): Problem | undefined {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const problem = (title: string, hint: string) => new Problem('denied', title, { detail: message, hint, cause: error });
  if (code === 'WEIR_PIN') {
    return problem(
      `${server} is not the server of that --pin`,
      'weir tls fingerprint, on the server, tells its certificate of now; if that is not what was shown, somebody stands in between',
    );
  }
  if (untrusted.has(code)) {
    return problem(
      `the certificate of ${server} is not of an authority that is trusted here`,
      'self-signed: --pin FINGERPRINT, which `weir tls fingerprint` tells on the server, or --cacert with its certificate.pem; of your own authority: --cacert AUTHORITY.pem',
    );
  }
  if (code === 'CERT_HAS_EXPIRED') {
    return problem(
      `the certificate of ${server} has expired`,
      'on the server, weir tls show tells from when to when it is valid; renew it there (and compare the clocks)',
    );
  }
  if (code === 'CERT_NOT_YET_VALID') return problem(`the certificate of ${server} is not valid yet`, 'compare the clocks of both machines');
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return problem(
      `the certificate of ${server} is for other names`,
      'use one of its names in --server, or add this one to server.tls.names on the server',
    );
  }
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return problem(`${server} does not speak HTTPS`, `--server ${server.replace(/^https:/, 'http:')}`);
  }
  return code.startsWith('ERR_SSL_') ? problem(`no TLS connection to ${server} came about`, 'weir doctor') : undefined;
}
