/** What shows packets, for live captures, too: the options, and the views behind them, which are loaded when they are used. */

export type { PacketView } from './packet-view.ts';
export { addShowOptions } from './read.ts';
export type { ShowOptions } from './read-options.ts';

export const loadViews = () => import('./read-capture.ts');
