import { constants } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { TlsOptions } from 'node:tls';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { Problem } from '../../core/problem.ts';
import type { TlsSource } from '../../core/tls-source.ts';
import type { TlsConfig } from './config.ts';
import { type CertificateFacts, type CredentialFiles, type Credentials, checkCredentials, dateFault, day, factsOf } from './credentials.ts';
import { FileWatch } from './file-watch.ts';
import { openSelfSigned, selfSignedFiles } from './self-signed.ts';

/** What it needs of the house. */
export type TlsDependencies = {
  dataFolder: string;
  /** Names and addresses, besides those of the configuration, that a certificate of our own should have. */
  names: readonly string[];
  log: Log;
  clock: Clock;
};

const dayMs = 24 * 60 * 60 * 1000;
/** From here on the end of a certificate is announced. */
const expiryWarningMs = 14 * dayMs;
/** How often dates are looked at, and files too: file systems over a network do not tell of changes. */
const roundMs = 60 * 60 * 1000;

/** Forward secrecy and authenticated encryption only: what RFC 9325 section 4.2 recommends for TLS 1.2, then the suites of 1.3. */
const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/** How changes of the certificate went, for the metrics. */
export type Reloads = { done: number; failed: number };

/**
 * The certificate that the listeners use, kept up to date: one of our own is renewed before its end, and files are read again
 * when they change. A change that cannot be used is an alarm, and what was good goes on.
 */
export class Tls implements TlsSource {
  readonly reloads: Reloads = { done: 0, failed: 0 };
  readonly #config: TlsConfig;
  readonly #deps: TlsDependencies;
  readonly #followers = new Set<() => void>();
  #credentials: Credentials = { cert: '', key: '' };
  #facts: CertificateFacts | undefined;
  #alarm: string | undefined;
  #watch: FileWatch | undefined;
  #round: NodeJS.Timeout | undefined;
  #announced = '';

  constructor(config: TlsConfig, deps: TlsDependencies) {
    checkTlsConfig(config);
    this.#config = config;
    this.#deps = deps;
  }

  /** Reads or makes the certificate and begins to watch over it. Throws Problem when there is none that could be used. */
  async start(): Promise<void> {
    this.#take(await this.#read());
    const fault = dateFault(this.facts, this.#deps.clock.now());
    if (fault !== undefined) this.#deps.log.error(`${fault}: clients will refuse it`);
    this.#announce();
    this.#round = setInterval(() => void this.reload(), roundMs).unref();
    if (this.#config.mode === 'files') this.#watch = new FileWatch(Object.values(this.files), () => void this.reload());
  }

  stop(): void {
    clearInterval(this.#round);
    this.#watch?.close();
    this.#followers.clear();
  }

  /** Looks at the files, or at the age of our own certificate, and changes over when there is something new and good. */
  async reload(): Promise<void> {
    const { log, clock } = this.#deps;
    try {
      const fresh = await this.#read();
      if (isSame(fresh, this.#credentials)) {
        this.#alarm = undefined;
        this.#announce();
        return;
      }
      const facts = factsOf(checkCredentials(fresh, this.files));
      const fault = dateFault(facts, clock.now());
      if (fault !== undefined) throw new Problem('invalid', `${this.files.cert} is not taken: ${fault}.`);
      this.#take(fresh);
      this.#alarm = undefined;
      this.reloads.done += 1;
      log.info(`new certificate, valid until ${day(facts.until)}, SHA-256 ${facts.fingerprint}`);
      for (const changed of this.#followers) changed();
      this.#announce();
    } catch (error) {
      this.reloads.failed += 1;
      const { message, detail } = error as Problem;
      this.#alarm = `a new certificate was not taken: ${message}${detail === undefined ? '' : ` ${detail}`}`;
      log.error({ err: error }, 'the new certificate is not taken; the one before stays in use');
    }
  }

  /** What the certificate in use says. */
  get facts(): CertificateFacts {
    if (this.#facts === undefined) throw new Error('TLS has not started');
    return this.#facts;
  }

  /** What people should know: a certificate near or past its end, a change that was not taken. */
  warnings(): string[] {
    const left = this.facts.until - this.#deps.clock.now();
    const fault = dateFault(this.facts, this.#deps.clock.now());
    const soon = left < expiryWarningMs ? `the certificate expires on ${day(this.facts.until)}` : undefined;
    return [fault ?? soon, this.#alarm].filter((warning) => warning !== undefined);
  }

  get options(): TlsOptions {
    const { cert, key, ca } = this.#credentials;
    return {
      cert,
      key,
      ...(ca !== undefined && { ca }),
      // A client without a certificate, or with one of somebody else's, may still come with a token: the door decides.
      requestCert: ca !== undefined,
      rejectUnauthorized: false,
      minVersion: `TLSv${this.#config.minVersion}`,
      ciphers,
      // TLS 1.2 alone knows renegotiation: for a client nothing but a way to make the server work.
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    };
  }

  follow(changed: () => void): () => void {
    this.#followers.add(changed);
    return () => void this.#followers.delete(changed);
  }

  /** Where the certificate comes from. */
  get files(): CredentialFiles {
    return filesOf(this.#config, this.#deps.dataFolder);
  }

  async #read(): Promise<Credentials> {
    const { mode, clientAuthority, names } = this.#config;
    const ca = clientAuthority === '' ? undefined : readFile(clientAuthority, 'server.tls.clientAuthority');
    const wish = { names: [...this.#deps.names, ...names], now: this.#deps.clock.now() };
    const { cert, key } =
      mode === 'self-signed'
        ? await openSelfSigned(this.#deps.dataFolder, wish)
        : { cert: readFile(this.#config.cert, 'server.tls.cert'), key: readFile(this.#config.key, 'server.tls.key') };
    return { cert, key, ca };
  }

  #take(credentials: Credentials): void {
    this.#facts = factsOf(checkCredentials(credentials, this.files));
    this.#credentials = credentials;
  }

  /** Says each warning once, and again when it changes. */
  #announce(): void {
    const warnings = this.warnings().join('; ');
    if (warnings !== '' && warnings !== this.#announced) this.#deps.log.warn(warnings);
    this.#announced = warnings;
  }
}

/** The files of a configuration; of a data directory where Weir makes its own. */
export function filesOf({ mode, cert, key, clientAuthority }: TlsConfig, dataFolder: string): CredentialFiles {
  const authority = clientAuthority === '' ? {} : { clientAuthority };
  return mode === 'self-signed' ? { ...selfSignedFiles(dataFolder), ...authority } : { cert, key, ...authority };
}

const isSame = (one: Credentials, other: Credentials): boolean => one.cert === other.cert && one.key === other.key && one.ca === other.ca;

/** Refuses settings that make no sense together. */
export function checkTlsConfig({ mode, cert, key, hsts }: TlsConfig): void {
  if (mode === 'files' && (cert === '' || key === '')) {
    throw new Problem('invalid', 'server.tls.mode is files, but they are not named.', {
      hint: 'weir serve --tls files --tls-cert FULLCHAIN.pem --tls-key KEY.pem',
      pointer: cert === '' ? 'server.tls.cert' : 'server.tls.key',
    });
  }
  if (hsts > 0 && mode !== 'files') {
    throw new Problem('invalid', 'server.tls.hsts is for certificates of an authority only (server.tls.mode files).', {
      detail: 'browsers would insist on HTTPS for every port of this host, and let nobody pass the warning of a self-signed certificate',
      pointer: 'server.tls.hsts',
    });
  }
}

function readFile(path: string, pointer: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Problem('invalid', `${path} cannot be read.`, { detail: (cause as Error).message, pointer, cause });
  }
}
