/**
 * Packets: capture files in, decoded headers out. A `CaptureReader` takes the octets of a pcap or pcapng file as they come and gives frames
 * to a sink; `decode` opens one frame down to its transport header into a reused `Packet`; `decodeInner` opens the tunnel in it, when asked.
 * The room promises bounded memory (one record, at most 16 MiB), time bounded per frame, no allocation per packet, and a Problem with
 * offset and packet number for anything that is not a capture. It knows nothing of flows; it neither reassembles nor verifies checksums.
 */

export { clearHeaders, decode } from './decode.ts';
export { CaptureInterface, describeLink, isKnownLink, linkTypes } from './link.ts';
export { type Outcome, outcome, outcomes, Packet, packetFlags, tunnelTypes } from './packet.ts';
export type { FrameSink } from './progress.ts';
export { type CaptureReader, createCaptureReader } from './reader.ts';
export type { RecordFormat, RecordLane } from './record-lane.ts';
export { protocols } from './transport.ts';
export { decodeInner, noInner } from './tunnel.ts';
export { type CaptureWarning, type CaptureWarnings, captureWarnings } from './warnings.ts';
export { type CaptureWriter, type CaptureWriterOptions, createCaptureWriter } from './writer.ts';
