import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import 'fastify';
import type { Problem } from './problem.ts';

/** Who may use a route. `open` is for probes: it stays reachable without a token when every other route needs one. */
export const roles = ['open', 'viewer', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

/** What a route declares about itself in `config`, beside its schema. Rooms declare; hooks of the server act. */
export type RouteFacts = {
  /** The lowest role that may use the route. Every route has one; a test walks the table. */
  role?: Role;
  /** The part of the house that the route belongs to, where the setting `access.anonymous` can leave one open. */
  surface?: string;
  /** True where a user may go before he has chosen a password of his own. */
  isForNewcomers?: boolean;
  /** Members that the body of every error of this route has, unless the problem brings its own. */
  errorMembers?: Record<string, string>;
  /** Set on routes of a foreign protocol that has errors of its own: how a problem looks there. */
  errorAnswer?: (problem: Problem) => { status: number; body: object };
  /** Set on the GET of a collection: the linked root at `/` lists it under this title. */
  collection?: { title: string };
  /** Set on a cheap GET that answers a flat JSON object: the page at `/` shows its numbers under this title and refreshes them. */
  live?: { title: string };
  /** Set on what machines ask again and again to see whether the server lives: it is never turned away. */
  isProbe?: boolean;
  /** Set on a POST whose answer holds a secret: it is kept for nobody who sends the request again. */
  isSecret?: boolean;
  /** Set where bodies of any size stream in: the server then limits pauses, not the whole time. Set `bodyLimit` on the route as well. */
  isUpload?: boolean;
};

/** The plugin that a room's `routes.ts` gives to the server: schemas, then a few lines each that call the store. */
export type RoomRoutes = FastifyPluginAsyncTypebox;

/** For a route whose input is described and not checked by its schema: the room reads it, and says all that is wrong with it in its own words. */
export const asItIs = { validatorCompiler: () => (value: unknown) => ({ value }) };

declare module 'fastify' {
  interface FastifyContextConfig extends RouteFacts {}
  interface FastifyRequest {
    /** Aborts when who asked may not be answered any longer: his token ended or was revoked. Endless answers end then. */
    readonly leaving: AbortSignal;
  }
  interface FastifyInstance {
    /** Aborts when the server begins to stop. Endless answers (event streams) listen to it and end themselves. */
    closing: AbortSignal;
  }
}
