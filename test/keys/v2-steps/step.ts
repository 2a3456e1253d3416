/** A thing that is done on several servers alike, and short words for the usual ones. */
import { rawForm, rawRequest } from '../raw-client.ts';

/** One thing to do on both servers; texts with `{i}` get the tree's index, `{i-3}` and the like what is near it. */
export type Step =
  | { kind: 'ask'; raw: string; isLoose?: boolean }
  /** A watch on a connection of its own. */
  | { kind: 'watch'; name: string; raw: string }
  /** What has come on it, `events` of them as soon as they are there, then whether it ended. */
  | { kind: 'seen'; name: string; events: number }
  /** What `/v2/stats/store` has counted since it was last asked. */
  | { kind: 'count' };

export const ask = (raw: string): Step => ({ kind: 'ask', raw });
export const get = (target: string): Step => ask(rawRequest('GET', `/v2/keys${target}`));
export const put = (target: string, body = ''): Step => ask(rawForm('PUT', `/v2/keys${target}`, body));
export const post = (target: string, body = ''): Step => ask(rawForm('POST', `/v2/keys${target}`, body));
export const remove = (target: string): Step => ask(rawRequest('DELETE', `/v2/keys${target}`));
export const watch = (name: string, target: string): Step => ({ kind: 'watch', name, raw: rawRequest('GET', `/v2/keys${target}`) });
export const seen = (name: string, events: number): Step => ({ kind: 'seen', name, events });
