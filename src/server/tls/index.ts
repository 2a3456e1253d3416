/** TLS: certificates that are made, renewed and read again while the server runs, and the server that speaks with them. */
export { checkTlsConfig, filesOf, type Reloads, Tls, type TlsDependencies } from './tls.ts';
