/** DNS in tcpdump's words: `4711+ A? example.org. (29)`, `4711 2/0/1 A 192.0.2.1, A 192.0.2.2 (61)`. */
import { type DnsMessage, dnsCodes } from '../detail/dns.ts';
import type { LineBuffer } from './line-buffer.ts';

/** Questions and answers that a line shows. */
const mostAnswers = 8;

/** Writes a message of so many octets. Names and types are plain ASCII as the parser made them. */
export function writeDns(line: LineBuffer, message: DnsMessage, length: number): void {
  line.decimal(message.id);
  if (message.isResponse) writeResponse(line, message);
  else writeQuery(line, message);
  line.text(' (');
  line.decimal(length);
  line.octet(0x29);
}

function writeQuery(line: LineBuffer, message: DnsMessage): void {
  if (message.isRecursionDesired) line.octet(0x2b);
  if (message.counts.additional > 0) line.text(` [${message.counts.additional}au]`);
  for (const { name, type } of message.questions.slice(0, mostAnswers)) line.text(` ${type}? ${name}`);
}

function writeResponse(line: LineBuffer, message: DnsMessage): void {
  if (message.isAuthoritative) line.octet(0x2a);
  if (!message.isRecursionAvailable) line.octet(0x2d);
  if (message.isTruncated) line.octet(0x7c);
  if (message.code !== 0) line.text(` ${dnsCodes[message.code] ?? `code ${message.code}`}`);
  const { answers, authorities, additional } = message.counts;
  line.text(` ${answers}/${authorities}/${additional}`);
  message.answers.slice(0, mostAnswers).forEach(({ type, data }, i) => {
    line.text(`${i === 0 ? ' ' : ', '}${type}${data === '' ? '' : ` ${data}`}`);
  });
}
