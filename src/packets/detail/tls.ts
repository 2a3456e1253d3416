/** What a TLS ClientHello (RFC 8446 section 4.1.2) says in the clear: the name of the server and the protocols offered. */

export type ClientHello = { serverName: string | undefined; protocols: string[] };

/** Whether octets begin like a TLS handshake record. */
export function isTlsStart(view: DataView, start: number, end: number): boolean {
  return end - start >= 6 && view.getUint8(start) === 22 && view.getUint8(start + 1) === 3 && view.getUint8(start + 5) === 1;
}

/** Reads a ClientHello; undefined where it is none or its extensions are cut off before both were found. */
export function parseClientHello(view: DataView, start: number, stop: number): ClientHello | undefined {
  if (!isTlsStart(view, start, stop)) return undefined;
  const end = Math.min(stop, start + 5 + view.getUint16(start + 3));
  let at = start + 5 + 4 + 2 + 32;
  // Session id, cipher suites, compression methods: each a length and what it counts.
  for (const width of [1, 2, 1]) {
    if (end - at < width) return undefined;
    at += width + (width === 1 ? view.getUint8(at) : view.getUint16(at));
  }
  if (end - at < 2) return undefined;
  const hello: ClientHello = { serverName: undefined, protocols: [] };
  for (at += 2; end - at >= 4; ) {
    const type = view.getUint16(at);
    const from = at + 4;
    const next = from + view.getUint16(at + 2);
    if (next > end) break;
    if (type === 0 && next - from > 5) hello.serverName = text(view, from + 5, Math.min(next, from + 5 + view.getUint16(from + 3)));
    if (type === 16) hello.protocols = readProtocols(view, from + 2, next);
    at = next;
  }
  return hello;
}

function readProtocols(view: DataView, from: number, end: number): string[] {
  const protocols: string[] = [];
  for (let at = from; at < end; at += 1 + view.getUint8(at)) {
    const next = at + 1 + view.getUint8(at);
    if (next <= end) protocols.push(text(view, at + 1, next));
  }
  return protocols;
}

const text = (view: DataView, from: number, to: number): string =>
  Buffer.from(view.buffer, view.byteOffset + from, Math.max(0, to - from)).toString('latin1');
