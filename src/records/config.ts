/** Settings of the records: what may be changed, its default and why it is so. */
import { type Static, Type } from 'typebox';
import { integerSetting, listSetting, sizeSetting } from '../core/setting.ts';

/** The part `records` of the configuration. */
export const recordsSettings = Type.Object({
  mount: listSetting([], 'Collections that also answer at `/NAME` and `/NAME/ID`, as bare JSON: `todos`.'),
  collections: integerSetting(1000, { description: 'Collections at most.', minimum: 1, maximum: 100_000 }),
  perCollection: integerSetting(100_000, {
    description: 'Records of one collection at most; they are held in memory once it is used.',
    minimum: 1,
  }),
  size: sizeSetting(256 * 1024, { description: 'The largest record, as JSON.', minimum: 1024, maximum: 1024 * 1024 }),
  import: integerSetting(1000, {
    description: 'Records that one import request may bring; they are kept all or none.',
    minimum: 1,
    maximum: 10_000,
  }),
});

/** Settings of the records. Sizes are octets. */
export type RecordsConfig = Static<typeof recordsSettings>;
