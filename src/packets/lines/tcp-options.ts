/** TCP options (RFC 9293 section 3.1 and the registry of IANA) in tcpdump's words. */
import { ascii, type LineBuffer } from './line-buffer.ts';

const words = {
  mss: ascii('mss '),
  scale: ascii('wscale '),
  stamp: ascii('TS val '),
  echo: ascii(' ecr '),
  sackOk: ascii('sackOK'),
  nop: ascii('nop'),
  end: ascii('eol'),
  sack: ascii('sack '),
};

/** Writes the options of `[start, end)`; `base` is what relative acknowledgement numbers start from. */
export function writeTcpOptions(line: LineBuffer, view: DataView, start: number, end: number, base: number): void {
  for (let at = start; at < end; ) {
    if (at > start) line.octet(0x2c);
    const kind = view.getUint8(at);
    if (kind === 0) {
      line.put(words.end);
      return;
    }
    if (kind === 1) {
      line.put(words.nop);
      at++;
      continue;
    }
    const length = end - at < 2 ? 0 : view.getUint8(at + 1);
    if (length < 2 || at + length > end) {
      line.text('[bad opt]');
      return;
    }
    writeOption(line, view, at, kind, length, base);
    at += length;
  }
}

function writeOption(line: LineBuffer, view: DataView, at: number, kind: number, length: number, base: number): void {
  if (kind === 8 && length === 10) {
    line.put(words.stamp);
    line.decimal(view.getUint32(at + 2));
    line.put(words.echo);
    line.decimal(view.getUint32(at + 6));
  } else if (kind === 2 && length === 4) {
    line.put(words.mss);
    line.decimal(view.getUint16(at + 2));
  } else if (kind === 3 && length === 3) {
    line.put(words.scale);
    line.decimal(view.getUint8(at + 2));
  } else if (kind === 4 && length === 2) line.put(words.sackOk);
  else if (kind === 5 && length % 8 === 2) {
    line.put(words.sack);
    line.decimal((length - 2) / 8);
    line.octet(32);
    for (let edge = at + 2; edge < at + length; edge += 8) {
      line.octet(0x7b);
      line.decimal((view.getUint32(edge) - base) >>> 0);
      line.octet(0x3a);
      line.decimal((view.getUint32(edge + 4) - base) >>> 0);
      line.octet(0x7d);
    }
  } else {
    line.text('unknown-');
    line.decimal(kind);
  }
}
