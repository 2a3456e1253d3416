/** Bounds that all text importers share. */

/** 9999-12-31T23:59:59Z: later seconds have no day that a calendar or a folder name could hold. */
export const lastSecond = 253_402_300_799n;

/** Octets that the name of a computer may have: those of a domain name (RFC 1035 section 2.3.4). */
export const longestName = 255;

/** Octets that a line may have, its end included. Longer ones are no rows, and would let a hostile file fill the memory. */
export const lineLimit = 1 << 20;
