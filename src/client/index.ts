/**
 * The client library (`weir/client`): types from the OpenAPI document of this version, and a small core that logs in, goes through pages,
 * follows events and throws what the server says. Nothing of the server is loaded with it.
 */
export type { Operations } from './api.ts';
export { type Answer, type Input, type Operation, type PagedOperation, Weir, type WeirOptions } from './client.ts';
export { readEvents, type WeirEvent } from './events.ts';
export { WeirProblem } from './problem.ts';
