/**
 * Scans: which ports of which hosts answer, and what has changed since. Connections are made by a scanner of our own, in a thread of
 * its own; SYN and FIN packets and the discovery of hosts are left to nmap. Only loopback and private networks are scanned unless the
 * operator opens more, every scan is written down with who asked, and rates are polite. Versions, scripts and operating systems are
 * not looked for.
 */
export { type ScansConfig, scansSettings } from './config.ts';
export { type NewlyOpen, Scans, type ScansDependencies } from './scans.ts';
