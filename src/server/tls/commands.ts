import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { GlobalOptions } from '../../cli/command.ts';
import { openOutput } from '../../cli/output.ts';
import { Problem } from '../../core/problem.ts';
import { dateFault, factsOf, readCertificate } from './credentials.ts';

/** Where the certificate of a configuration is: the file, and how the server speaks. */
export type CertificatePlace = { mode: 'off' | 'self-signed' | 'files'; file: string };

export type TlsOptions = GlobalOptions & { publicKey?: boolean; pem?: boolean };

/** Prints the fingerprint alone, for `--pin` and for comparing with what a browser shows. */
export function printFingerprint(options: TlsOptions, place: CertificatePlace): void {
  const facts = factsOf(readCertificate(readPlace(place), place.file));
  process.stdout.write(`${options.publicKey ? facts.publicKey : facts.fingerprint}\n`);
}

/** Prints what the certificate says, or the certificate itself. */
export function printCertificate(command: Command, place: CertificatePlace): void {
  const pem = readPlace(place);
  if (command.optsWithGlobals<TlsOptions>().pem) {
    process.stdout.write(pem);
    return;
  }
  const { from, until, names, ...facts } = factsOf(readCertificate(pem, place.file));
  const now = Date.now();
  openOutput(command).record({
    mode: place.mode,
    file: place.file,
    state: dateFault({ from, until, names, ...facts }, now) ?? `valid for ${Math.floor((until - now) / 86_400_000)} more days`,
    names: names.join(', '),
    subject: facts.subject,
    issuer: facts.issuer,
    from: new Date(from).toISOString(),
    until: new Date(until).toISOString(),
    fingerprint: facts.fingerprint,
    publicKey: facts.publicKey,
  });
}

function readPlace({ mode, file }: CertificatePlace): string {
  if (mode === 'off') {
    throw new Problem('not-found', 'This server has no certificate: server.tls.mode is off.', {
      hint: 'weir tls show --tls self-signed, where it is the command line of the server that says so',
    });
  }
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new Problem(code === 'ENOENT' ? 'not-found' : 'denied', `There is no certificate to read at ${file}.`, {
      detail: message,
      hint:
        mode === 'self-signed'
          ? 'weir serve --tls self-signed makes one at its first start; --data DIR names another directory'
          : 'the setting server.tls.cert',
      cause,
    });
  }
}
