/** TLS: certificates that are made, renewed and read again while the server runs, and the server that speaks with them. */
export { Redirect } from './redirect.ts';
export { selfSignedFiles } from './self-signed.ts';
export { checkTlsConfig, filesOf, type Reloads, Tls, type TlsDependencies } from './tls.ts';
