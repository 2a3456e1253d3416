/**
 * The digest by which Weir knows that it has imported a content before. It is GHASH over the unpacked bytes (the
 * authenticator of AES-GCM, NIST SP 800-38D section 6.4, under a fixed key) with the length in front. It guards against
 * accident, not against an adversary: whoever may import may also pass `--again`. It runs at 12 GB/s where SHA-256 does
 * 1.4, and a capture must not wait for its checksum.
 */
import { createCipheriv } from 'node:crypto';

const key = Buffer.from('weir/content/v1\0', 'latin1');
const nonce = Buffer.alloc(12);

/** Sums up a content fed piece by piece; `text()` ends it. */
export class ContentDigest {
  readonly #cipher = createCipheriv('aes-128-gcm', key, nonce);
  #octets = 0;

  add(bytes: Uint8Array): void {
    this.#cipher.setAAD(bytes);
    this.#octets += bytes.byteLength;
  }

  /** `ghash:<octets in hexadecimal>:<32 hexadecimal digits>`. */
  text(): string {
    this.#cipher.final();
    return `ghash:${this.#octets.toString(16)}:${this.#cipher.getAuthTag().toString('hex')}`;
  }
}
