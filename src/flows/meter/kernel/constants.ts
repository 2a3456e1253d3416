/** Numbers of other files under names of their own, as the kernel's sources use them. */
import { protocols } from '../flow-key.ts';
import { meta, recordWords } from '../flow-record.ts';
import { lineMeta } from '../packet-block.ts';
import { tcpFlag } from '../tally.ts';
import { wheel } from '../wheel.ts';

export { timestampSeconds } from '../../cell.ts';
export { has, mappedWord } from '../record-batch.ts';

export const { tcp, udp, icmp, icmpv6 } = protocols;
export const { live, ipv6, portless } = meta;
export const { isDetailed, flagsShift } = lineMeta;
/** Messages of ICMP. */
export const echo = 8;
export const echoReply = 0;
export const keyBits = lineMeta.key;
/** The tunnel depth in the word `meta`. */
export const depthBits = 15 << meta.depthShift;
export const { fin, syn, rst, ack } = tcpFlag;
/** IPFIX flowEndReason of what was silent, and of what has closed. */
export const idle = 1;
export const endSeen = 3;
export const recordOctets = recordWords * 4;
/** Pairs of words in a record. */
export const recordPairs = recordWords / 2;
export const { slots, unlinked, firstOf, recordSpan } = wheel;
/** Values of a digit that records are sorted by. */
export const digits = 65_536;
/** Characters of addresses, and the octets that tell how long a text is. */
export const zero = 0x30;
export const dot = 0x2e;
export const colon = 0x3a;
export const lengthOctets = 4;
