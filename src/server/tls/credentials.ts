import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { Problem } from '../../core/problem.ts';

/** A certificate with its key, and who may vouch for clients. All PEM. */
export type Credentials = {
  /** The server's own certificate first, then those between it and its authority. */
  cert: string;
  key: string;
  /** Authorities of client certificates. */
  ca?: string | undefined;
};

/** What a certificate says, as people compare it. */
export type CertificateFacts = {
  subject: string;
  issuer: string;
  /** DNS names and addresses it is valid for. */
  names: string[];
  /** Milliseconds since the epoch. */
  from: number;
  until: number;
  /** SHA-256 of the certificate: `AB:CD:…`, as browsers and `openssl x509 -fingerprint -sha256` show it. */
  fingerprint: string;
  /** SHA-256 of its public key, as `curl --pinnedpubkey` takes it; it outlives renewals with the same key. */
  publicKey: string;
};

/** Reads the first certificate of a PEM text. Throws Problem('invalid') naming `file`. */
export function readCertificate(pem: string, file: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw broken(file, 'no certificate in PEM form can be read from it', cause);
  }
}

/** The facts of a certificate. */
export function factsOf(certificate: X509Certificate): CertificateFacts {
  return {
    subject: certificate.subject.replaceAll('\n', ', '),
    issuer: certificate.issuer.replaceAll('\n', ', '),
    names: namesOf(certificate),
    from: certificate.validFromDate.getTime(),
    until: certificate.validToDate.getTime(),
    fingerprint: certificate.fingerprint256,
    publicKey: publicKeyPin(certificate),
  };
}

/** `sha256//BASE64` of the public key (RFC 7469 section 2.4 names the digest, curl the form). */
function publicKeyPin({ publicKey }: X509Certificate): string {
  return `sha256//${createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64')}`;
}

// Node writes `DNS:a, IP Address:127.0.0.1`, and quotes what could be mistaken for a separator.
const namesOf = ({ subjectAltName }: X509Certificate): string[] =>
  [...(subjectAltName ?? '').matchAll(/(?:DNS|IP Address):("[^"]*"|[^,]*)/g)].map(([, name = '']) => name.replaceAll('"', ''));

/** Where credentials came from, for messages. */
export type CredentialFiles = { cert: string; key: string; clientAuthority?: string };

/**
 * Makes sure that a certificate, its key and the authorities are what they should be and belong together; gives the server's
 * certificate. Dates are not looked at, see `dateFault`. Throws Problem('invalid') that names the file.
 */
export function checkCredentials({ cert, key, ca }: Credentials, files: CredentialFiles): X509Certificate {
  const certificate = readCertificate(cert, files.cert);
  const secret = readKey(key, files.key);
  if (!certificate.checkPrivateKey(secret)) throw unrelated(cert, secret, files);
  if (ca !== undefined) readCertificate(ca, files.clientAuthority ?? 'clientAuthority');
  try {
    createSecureContext({ cert, key, ...(ca !== undefined && { ca }) });
  } catch (cause) {
    throw broken(files.cert, `OpenSSL refuses it: ${(cause as Error).message}`, cause);
  }
  return certificate;
}

/** Reads a private key. Throws Problem('invalid') naming `file`. */
export function readKey(pem: string, file: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    const isLocked = /ENCRYPTED/.test(pem);
    throw new Problem('invalid', `${file} cannot be used as a key.`, {
      detail: isLocked
        ? 'it is protected by a passphrase, which nobody could type at a start'
        : 'no private key in PEM form can be read from it',
      ...(isLocked && { hint: `openssl pkey -in ${file} -out plain.key, readable by Weir's user alone` }),
      cause,
    });
  }
}

function unrelated(cert: string, key: KeyObject, files: CredentialFiles): Problem {
  const title = `The key ${files.key} does not belong to the certificate ${files.cert}.`;
  const blocks = cert.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const at = blocks.findIndex((block) => new X509Certificate(block).checkPrivateKey(key));
  if (at > 0)
    return new Problem('invalid', title, {
      detail: `it belongs to certificate ${at + 1} of that file; the server's own has to be the first`,
    });
  return new Problem('invalid', title, { hint: 'give the key that the certificate was made for' });
}

/** Why a certificate is of no use at a moment (milliseconds since the epoch); undefined when it is. */
export function dateFault({ from, until }: CertificateFacts, now: number): string | undefined {
  if (now > until) return `the certificate has expired (${day(until)})`;
  return now < from ? `the certificate is not valid before ${new Date(from).toISOString()}` : undefined;
}

/** `2027-12-23` */
export const day = (moment: number): string => new Date(moment).toISOString().slice(0, 10);

const broken = (file: string, detail: string, cause: unknown): Problem =>
  new Problem('invalid', `${file} cannot be used as a certificate.`, { detail, cause });
