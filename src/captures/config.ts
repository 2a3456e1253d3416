/** Settings of the captures: what may be changed, its default and why it is so. */
import { type Static, Type } from 'typebox';
import { enabledSetting } from '../core/room-switch.ts';
import { choiceSetting, durationSetting, integerSetting, listSetting, sizeSetting } from '../core/setting.ts';
import { captureTools } from '../packets/capture/index.ts';

/** The part `captures` of the configuration. */
export const capturesSettings = Type.Object({
  enabled: enabledSetting(
    'Whether this server captures: only while `server.listen` is reached by this machine alone, `always`, or `never`. Captures hold passwords.',
  ),
  interfaces: listSetting([], 'The only interfaces that may be captured on; none named is all.'),
  tool: choiceSetting(captureTools, 'tcpdump', 'The program that opens interfaces.'),
  atOnce: integerSetting(4, { description: 'Captures that run at the same time; more are refused (429).', minimum: 1, maximum: 64 }),
  kept: integerSetting(100, {
    description: 'Captures that are kept, with their files; the oldest are forgotten.',
    minimum: 1,
    maximum: 10_000,
  }),
  time: durationSetting(10 * 60_000, { description: 'How long a capture runs at most.', minimum: 1000 }),
  size: sizeSetting(256 * 1024 * 1024, { description: 'Bytes of its file at most; then it ends.', minimum: 65_536 }),
  packets: integerSetting(1_000_000, { description: 'Packets of a capture at most; then it ends.', minimum: 1, maximum: 1_000_000_000 }),
  buffer: sizeSetting(16 * 1024 * 1024, { description: "The kernel's buffer: what is there while Weir is not.", minimum: 65_536 }),
});

/** Settings of the captures. Times are milliseconds. */
export type CapturesConfig = Static<typeof capturesSettings>;
