/** Settings of the flow exports. */
import { Type } from 'typebox';
import {
  choiceSetting,
  durationSetting,
  integerSetting,
  listSetting,
  sizeSetting,
  switchSetting,
  textSetting,
} from '../../core/setting.ts';
import { flowsDefaults } from '../defaults.ts';

const defaults = flowsDefaults.exporters;

/** The part `flows.exporters` of the configuration. */
export const exportersSettings = Type.Object({
  listen: listSetting(
    defaults.listen,
    'Where flow exports are taken: `udp://HOST:PORT` (NetFlow v5, v9, IPFIX and sFlow v5, told apart by content) and `tcp://HOST:PORT` (IPFIX). Empty: nowhere.',
  ),
  allow: listSetting(
    defaults.allow,
    'Networks whose exports are taken besides those of this machine. Must be named before an address that others reach is listened on; `0.0.0.0/0,::/0` is everyone.',
  ),
  buffer: sizeSetting(defaults.buffer, {
    description:
      'Receive buffer to ask the kernel for, on each UDP socket. It gives no more than `net.core.rmem_max`; `/api/v1/exporters` shows what it gave.',
    minimum: 65_536,
  }),
  sockets: integerSetting(defaults.sockets, {
    description: 'Sockets on each UDP address (SO_REUSEPORT): each has a buffer of its own, and the kernel spreads exporters over them.',
    minimum: 1,
    maximum: 16,
  }),
  memory: sizeSetting(defaults.memory, {
    description: 'Memory for flows that are decoded and not yet written: what bridges a pause of the disk.',
    minimum: 16 * 1024 * 1024,
  }),
  commitEvery: durationSetting(defaults.commitEvery, {
    description: 'How often what came is stored: it is durable and can be asked for this long after it came, and the time of a write.',
    minimum: 50,
    maximum: 60_000,
  }),
  waitTime: durationSetting(defaults.waitTime, {
    description: 'How long records are kept that came before their template.',
  }),
  waitSets: integerSetting(defaults.waitSets, {
    description: 'How many sets of such records are kept of one observation domain; the oldest go first.',
    minimum: 1,
    maximum: 100_000,
  }),
  templateTime: durationSetting(defaults.templateTime, {
    description: 'How long a template is kept that is neither announced nor used. It survives restarts of both sides.',
    minimum: 1_800_000,
  }),
  elements: textSetting(
    defaults.elements,
    'A JSON file that maps elements of enterprises to columns, such as `{ "35632/87": "rtt_us" }`. Empty: none.',
  ),
  sampling: integerSetting(defaults.sampling, {
    description: 'Sampling rate to note for exporters that do not tell theirs: one packet in so many.',
    minimum: 1,
  }),
  outCounters: choiceSetting(
    ['ignore', 'reverse'],
    defaults.outCounters,
    'What OUT_BYTES and OUT_PKTS (23, 24) are beside IN_BYTES and IN_PKTS: the same flow counted on its way out (`ignore`), or the other direction (`reverse`).',
  ),
  macs: switchSetting(defaults.macs, 'Keep the Ethernet addresses that exporters send.'),
  byPort: switchSetting(defaults.byPort, 'Tell exporters apart by their source port as well: for several behind one address.'),
});
