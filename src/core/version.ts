import { readFileSync } from 'node:fs';

/** The version of this Weir, as in package.json. One package, one version: server, commands and rooms share it. */
export const version: string = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
