/** Recorded exports: the UDP payloads of a capture, by our own reader, for `weir replay`, imports and tests. */
import { createCaptureReader, decode, outcome, protocols } from '../../packets/index.ts';

/** One datagram of a capture. `bytes` are those of the reader: copy what must outlive the call. */
export type RecordedDatagram = {
  readonly bytes: Uint8Array;
  /** When it was captured, in milliseconds since 1970. */
  readonly timeMs: number;
  /** The sender's address as 32 bits (IPv4; of IPv6 the last ones), and the ports. */
  readonly source: number;
  readonly srcPort: number;
  readonly dstPort: number;
};

/** Packets that hold no whole UDP payload, by what is missing. */
export type Passed = { other: number; cut: number };

/** A reader of captures that hands whole UDP payloads to `take`; the rest is counted in `passed`. */
export const createDatagramReader = (take: (datagram: RecordedDatagram) => void) => {
  const passed: Passed = { other: 0, cut: 0 };
  const reader = createCaptureReader({
    frame(view, offset, packet, link) {
      const result = decode(link.linkType, view, offset, packet);
      const isUdp = result === outcome.decoded && packet.protocol === protocols.udp && packet.srcPort >= 0;
      if (!isUdp || packet.isFragment === 1) {
        passed.other++;
        return;
      }
      // The UDP header tells its length (RFC 768); a frame's padding lies behind it.
      const header = packet.payloadOffset - 8;
      const length = view.getUint16(header + 4) - 8;
      if (length < 0 || length > packet.payloadLength) {
        passed.cut++;
        return;
      }
      const bytes = new Uint8Array(view.buffer, view.byteOffset + packet.payloadOffset, length);
      const timeMs = packet.seconds * 1000 + packet.nanos / 1e6;
      take({ bytes, timeMs, source: packet.srcD >>> 0, srcPort: packet.srcPort, dstPort: packet.dstPort });
    },
  });
  return { reader, passed };
};
