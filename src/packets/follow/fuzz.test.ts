import { expect, test } from 'vitest';
import { decode } from '../decode.ts';
import { Details } from '../detail/details.ts';
import { packetFields } from '../detail/fields.ts';
import { packetJson } from '../detail/packet-json.ts';
import { ethernet, ipv4, octets, tcp } from '../frame-builder.ts';
import { Summary } from '../lines/summary.ts';
import { CaptureInterface, linkTypes } from '../link.ts';
import { Packet } from '../packet.ts';
import { Handshakes } from './handshakes.ts';
import { HttpFollower } from './http.ts';

const texts = [
  'GET /a HTTP/1.1\r\nHost: a\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'POST / HTTP/1.0\nContent-Length: 9\n\nabc',
  'PRI * HTTP/2.0\r\n\r\n',
  '\x16\x03\x01\x00\x20\x01',
];
const rounds = process.env.WEIR_TEST_ALL === undefined ? 4000 : 200_000;

test('any segments in any order end in bounded memory, and nothing but text comes out', () => {
  let state = 20_261_122;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
  let told = 0;
  const follower = new HttpFollower(() => told++, 32);
  const handshakes = new Handshakes(() => told++, 32);
  const summary = new Summary({}, (block) => expect(block.every((octet) => octet === 10 || (octet >= 32 && octet < 127))).toBe(true));
  const link = new CaptureInterface(0, 0, linkTypes.ethernet, 65_535);
  const details = new Details();
  const packet = new Packet();
  for (let number = 1; number <= rounds; number++) {
    const text = texts[random(texts.length)] as string;
    const payload = Buffer.from(text.slice(random(text.length), random(4) === 0 ? undefined : random(text.length)), 'latin1');
    const options = random(3) === 0 ? octets(random(9), random(12), random(256), random(256)) : new Uint8Array(0);
    const frame = ethernet(
      0x0800,
      ipv4(
        { protocol: random(9) === 0 ? 1 : 6 },
        tcp([2, 18, 16, 24, 17, 4, 20, random(256)][random(8)] as number, payload, new Uint8Array(options)),
      ),
    );
    // Ports and sequence near to each other, so that connections meet; then octets that are simply wrong.
    frame[34] = 0;
    frame[35] = random(8);
    frame[41] = random(64);
    frame[40] = 0;
    for (let i = random(3); i > 0; i--) frame[12 + random(frame.length - 12)] = random(256);
    packet.seconds = number >> 4;
    packet.captured = random(5) === 0 ? 14 + random(frame.length - 14) : frame.length;
    packet.original = frame.length;
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    const result = decode(linkTypes.ethernet, view, 0, packet);
    summary.add(view, 0, packet, linkTypes.ethernet, result, number);
    const heads = result === 0 ? follower.take(view, packet, number) : [];
    if (result === 0) handshakes.take(view, 0, packet, number);
    JSON.parse(packetJson(details.set(view, 0, packet, link, result, number, heads), true));
    for (const { read } of packetFields.values()) read(details);
  }
  summary.flush();
  follower.end();
  handshakes.end();
  expect(told).toBeGreaterThan(100);
});
