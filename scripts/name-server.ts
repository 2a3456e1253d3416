/** The few octets of DNS (RFC 1035) that the shipped capture needs: one question in, one address or a denial out. */

const headerOctets = 12;
const answerFlags = 0x8580; // QR, AA, RD, RA
const noSuchName = 3;

/** The answer to a question for an address: 192.0.2.1 (TEST-NET-1), or NXDOMAIN for names that begin with `gone`. */
export function answerName(question: Uint8Array): Buffer {
  const isKnown = !Buffer.from(question.subarray(headerOctets + 1))
    .toString('latin1')
    .startsWith('gone');
  const header = Buffer.alloc(headerOctets);
  header.set(question.subarray(0, 2));
  header.writeUInt16BE(isKnown ? answerFlags : answerFlags | noSuchName, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(isKnown ? 1 : 0, 6);
  const asked = question.subarray(headerOctets, questionEnd(question));
  // A pointer to the name asked for, type A, class IN, 60 seconds, four octets.
  const record = Buffer.from('c00c00010001 0000003c 0004 c0000201'.replaceAll(' ', ''), 'hex');
  return Buffer.concat(isKnown ? [header, asked, record] : [header, asked]);
}

/** Behind the labels, their ending zero, type and class of the first question. */
function questionEnd(message: Uint8Array): number {
  let at = headerOctets;
  while (at < message.length && message[at] !== 0) at += (message[at] as number) + 1;
  return Math.min(message.length, at + 5);
}
