/** Settings of the tickets: what may be changed, its default and why it is so. */
import { type Static, Type } from 'typebox';
import { integerSetting, sizeSetting } from '../core/setting.ts';

/** The part `tickets` of the configuration. */
export const ticketsSettings = Type.Object({
  kept: integerSetting(100_000, {
    description: 'Tickets at most; more are refused (429). Every list reads them all.',
    minimum: 1,
    maximum: 10_000_000,
  }),
  description: sizeSetting(64 * 1024, { description: 'Size of a description at most.', minimum: 140, maximum: 1024 * 1024 }),
  comment: sizeSetting(16 * 1024, { description: 'Size of a comment at most.', minimum: 140, maximum: 1024 * 1024 }),
  comments: integerSetting(1000, { description: 'Comments on one ticket at most.', minimum: 1, maximum: 100_000 }),
  labels: integerSetting(32, { description: 'Labels on one ticket at most.', minimum: 1, maximum: 1000 }),
  references: integerSetting(64, {
    description: 'Hosts, flow filters, scans and jobs, of each at most so many, that one ticket is about.',
    minimum: 1,
    maximum: 1000,
  }),
  history: integerSetting(1000, {
    description: 'Changes of one ticket that are remembered; the oldest go first.',
    minimum: 10,
    maximum: 100_000,
  }),
});

export type TicketsConfig = Static<typeof ticketsSettings>;
