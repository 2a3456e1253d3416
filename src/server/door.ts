import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Access, isThisMachine } from '../access/index.ts';
import { type Caller, isEnough } from '../core/caller.ts';
import { headerFields } from '../core/header-fields.ts';
import { peerCertificate } from '../core/peer-certificate.ts';
import { Problem } from '../core/problem.ts';
import { loginRefusal } from '../keys/index.ts';

/** Credentials in a query end in logs and histories: such a request is refused, whatever they are worth (RFC 6750 section 5.3). */
const tokenInQuery = /[?&](access_token|token|authorization)=/i;

/** The answer's own words for RFC 6750 section 3. */
const realm = 'Bearer realm="weir"';

/** Who decides: the room `access`, or `thisMachineOnly` where there is none. */
export type Door = Pick<Access, 'admit' | 'addressOf' | 'hasUsers' | 'note' | 'enter'>;

/** What the door decides by; `isOpenToAll` is the setting `server.insecureListen`, which only counts while no user exists. */
export type DoorDependencies = { door: Door; isOpenToAll: boolean };

/** The door of a house without users: this machine may do everything, others nothing. */
export const thisMachineOnly: Door = {
  hasUsers: false,
  addressOf: (socketAddress) => socketAddress,
  note: async () => {},
  enter: () => () => {},
  admit: ({ address }) => {
    if (!isThisMachine(address)) throw new Problem('unauthenticated', 'This needs a login.');
    return { name: 'local', role: 'admin', proof: 'open' };
  },
};

/**
 * Lets nobody in who does not belong: every request, known path or not, is admitted before anything else of it is looked at,
 * unless its route is declared `open`. Sets `request.caller`.
 */
export function installDoor(app: FastifyInstance, { door, isOpenToAll }: DoorDependencies): void {
  app.decorateRequest('caller');
  app.decorateRequest('departure', undefined);
  app.decorateRequest('leaving', { getter: leavingOf });
  app.addHook('onRequest', (request, reply, done) => {
    request.caller = nobody;
    const needed = request.routeOptions.config.role ?? 'viewer';
    if (needed === 'open') return done();
    try {
      const address = addressOf(request);
      const admitted = admit(request, address);
      if (!(admitted instanceof Promise)) return settle(request, reply, { ...admitted, address, requestId: request.id }, done);
      admitted
        .then((caller) => settle(request, reply, { ...caller, address, requestId: request.id }, done))
        .catch((error: unknown) => refuse(request, reply, error, done));
    } catch (error) {
      refuse(request, reply, error, done);
    }
  });

  function admit(request: FastifyRequest, address: string): Caller | Promise<Caller> {
    if (tokenInQuery.test(request.url)) throw inQuery();
    const { raw } = request;
    const authorization = headerFields(raw, 'authorization');
    if (isOpenToAll && !door.hasUsers && authorization.length === 0) return { name: 'anonymous', role: 'admin', proof: 'open' };
    return door.admit({
      authorization,
      address,
      isForwarded: forwarding.some((name) => raw.headers[name] !== undefined),
      certificate: peerCertificate(raw.socket),
      surface: request.routeOptions.config.surface,
      isForNewcomers: request.routeOptions.config.isForNewcomers,
    });
  }

  /** Where a request comes from, past the proxies that the configuration trusts. */
  function addressOf({ raw }: FastifyRequest): string {
    return door.addressOf(raw.socket.remoteAddress ?? '', headerFields(raw, 'x-forwarded-for').join(','));
  }

  function settle(request: FastifyRequest, reply: FastifyReply, caller: Caller, done: (error?: Error) => void): void {
    const needed = request.routeOptions.config.role ?? 'viewer';
    request.caller = caller;
    if (isEnough(caller.role, needed)) {
      if (isLong(request)) watchOver(request, reply);
      done();
      return;
    }
    reply.header('www-authenticate', `${realm}, error="insufficient_scope"`);
    const target = `${request.method} ${request.routeOptions.url ?? request.url.split('?', 1)[0]}`;
    void door.note({
      actor: caller.name,
      address: caller.address ?? '',
      action: 'request.refused',
      target,
      outcome: 'refused',
      requestId: request.id,
    });
    refuse(request, reply, tooLittle(caller, needed), done);
  }

  /** An answer may last for hours: whoever would not be let in any more does not get the rest of it. */
  function watchOver(request: FastifyRequest, reply: FastifyReply): void {
    const needed = request.routeOptions.config.role ?? 'viewer';
    const address = request.caller.address ?? '';
    const mayStay = () => {
      try {
        const admitted = admit(request, address);
        if (!(admitted instanceof Promise)) return isEnough(admitted.role, needed);
        return admitted.then(
          ({ role }) => isEnough(role, needed),
          () => false,
        );
      } catch {
        return false;
      }
    };
    reply.raw.once('close', door.enter({ mayStay, leave: () => sendAway(request, reply) }));
  }
}

/**
 * What may take long: reading, and uploads. Writes do not, and end with their answer even when it is the caller's own right that
 * they take away.
 */
const isLong = ({ method, routeOptions }: FastifyRequest): boolean =>
  method === 'GET' || method === 'HEAD' || routeOptions.config.isUpload === true;

/** Ends an answer: an event stream by itself, anything else by a broken connection, so that nobody takes half of it for the whole. */
function sendAway(request: FastifyRequest, reply: FastifyReply): void {
  const { departure } = request;
  if (departure === undefined) {
    reply.raw.destroy();
    return;
  }
  departure.abort();
  setTimeout(() => reply.raw.destroy(), graceMs).unref();
}

/** Time that an event stream has to end itself, in milliseconds. */
const graceMs = 1000;

function leavingOf(this: FastifyRequest): AbortSignal {
  this.departure ??= new AbortController();
  return this.departure.signal;
}

/** Tells why somebody is not let in; clients of etcd in the words that they know. */
function refuse(request: FastifyRequest, reply: FastifyReply, error: unknown, done: (error?: Error) => void): void {
  if (error instanceof Problem && error.code === 'unauthenticated') {
    reply.header('www-authenticate', error.facts?.error === undefined ? realm : `${realm}, error="${String(error.facts.error)}"`);
  }
  const isLogin = error instanceof Problem && (error.code === 'unauthenticated' || error.code === 'denied');
  if (isLogin && request.routeOptions.config.surface === 'etcd-v2') {
    const { status, text } = loginRefusal;
    reply.code(status).header('cache-control', 'no-store').type('application/json').send(text);
    return;
  }
  done(error instanceof Error ? error : new Error(String(error)));
}

/** What proxies add to a request that they pass on. */
export const forwarding = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'] as const;

const nobody: Caller = { name: '', role: 'viewer', proof: 'anonymous' };

const inQuery = (): Problem =>
  new Problem('invalid', 'Credentials do not belong into the address.', {
    detail: 'addresses end in logs and histories; this one has to be considered known',
    hint: 'send Authorization: Bearer TOKEN, and revoke the token that was in the address',
  });

const tooLittle = ({ name, role }: Caller, needed: string): Problem =>
  new Problem('denied', `This needs the role ${needed}.`, {
    detail: `${name} is ${role}`,
    hint: 'ask an administrator: weir users role NAME ROLE',
  });

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks. Set before any handler runs; nobody on routes that are `open`. */
    caller: Caller;
    /** There once somebody has asked for `leaving`. */
    departure: AbortController | undefined;
  }
}
