/** Settings of the flows: what may be changed, its default and why it is so. */
import { Type } from 'typebox';
import { durationSetting, integerSetting, sizeSetting } from '../core/setting.ts';
import { flowsDefaults as defaults } from './defaults.ts';
import { exportersSettings } from './exporters/config.ts';

/** The part `flows` of the configuration. */
export const flowsSettings = Type.Object({
  memory: sizeSetting(defaults.memory, {
    description: 'Memory of the store for queries and sealing; what does not fit is spilled to the data directory.',
    minimum: 64 * 1024 * 1024,
  }),
  threads: integerSetting(defaults.threads, { description: 'Threads that one query may use.', minimum: 1, maximum: 256 }),
  imports: Type.Object({
    memory: sizeSetting(defaults.imports.memory, {
      description: 'Memory of the engine that writes one import, beside the meter.',
      minimum: 64 * 1024 * 1024,
    }),
    parallel: integerSetting(defaults.imports.parallel, {
      description: 'Imports that run at once; others wait, and their senders with them.',
      minimum: 1,
      maximum: 64,
    }),
    maxFlows: integerSetting(defaults.imports.maxFlows, {
      description: 'Flows that a meter holds open at most; then those silent longest are ended (end reason 5).',
      minimum: 1024,
      maximum: 4_194_304,
    }),
    kept: integerSetting(defaults.imports.kept, {
      description: 'Ended imports that the list shows; older ones stay known by their digest.',
      minimum: 1,
      maximum: 1_000_000,
    }),
  }),
  seal: Type.Object({
    every: durationSetting(defaults.seal.every, {
      description: 'How often the store looks whether something is to be sealed, merged or forgotten.',
      minimum: 1000,
    }),
    rows: integerSetting(defaults.seal.rows, {
      description: 'Hot flows of a day from which on they are sealed without waiting.',
      minimum: 1,
    }),
    after: durationSetting(defaults.seal.after, {
      description: 'Time after which hot flows are sealed however few they are.',
      minimum: 1000,
    }),
  }),
  retention: Type.Object({
    age: durationSetting(defaults.retention.age, {
      description: 'Flows of days older than this are forgotten; 0 keeps them. Data with relative times has no age.',
    }),
    size: sizeSetting(defaults.retention.size, { description: 'Octets of sealed files kept; the oldest days go first; 0 keeps all.' }),
  }),
  stream: Type.Object({
    parallel: integerSetting(defaults.stream.parallel, {
      description: 'Streams that are answered at once; more are told to come back (429).',
      minimum: 1,
      maximum: 10_000,
    }),
  }),
  exporters: exportersSettings,
});
