/** What holds for a plan where nobody has set anything; apart from the settings, whose schemas a command has no need to load. */
export const usual = { rate: 500, addresses: 4096, probes: 2_000_000, nmap: 'nmap' };
