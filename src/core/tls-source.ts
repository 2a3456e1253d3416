import type { TlsOptions } from 'node:tls';

/** Where listeners get their certificate from, and hear that there is another one. */
export type TlsSource = {
  /**
   * Everything that a listener is opened with. At a change all of it goes to `setSecureContext` again: what is left out there
   * falls back to Node's defaults, the lowest version of TLS among them.
   */
  readonly options: TlsOptions;
  /** Calls back after each change; the answer ends that. Connections that are open keep what they began with. */
  follow(changed: () => void): () => void;
};
