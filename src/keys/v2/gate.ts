/** Who may use the etcd v2 listener: nobody's page while the house trusts its own machine, and users once there are any. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Caller, isEnough } from '../../core/caller.ts';
import { headerFields } from '../../core/header-fields.ts';
import { foreignness, type HostRule, isLocalName } from '../../core/host-rule.ts';
import { peerCertificate } from '../../core/peer-certificate.ts';
import { Problem } from '../../core/problem.ts';
import { loginRefusal } from './errors.ts';
import type { Handler } from './handler.ts';
import { isMembersPath } from './members.ts';
import { readTarget } from './target.ts';

/** What decides who a request is, once there are users: the part of `access` that is needed here. */
export type Admission = {
  readonly hasUsers: boolean;
  /** Who a request is; throws Problem when it is nobody who may come in. */
  admit(visit: {
    authorization: readonly string[];
    address: string;
    isForwarded: boolean;
    certificate: string | undefined;
    surface: string;
  }): Caller | Promise<Caller>;
  /** Where it comes from, past the proxies that the configuration trusts. */
  addressOf(socketAddress: string, forwardedFor: string): string;
  /** Watches over somebody who was let in, until the function that comes back is called: he is sent away when his right has ended. */
  enter(stay: { mayStay(): boolean | Promise<boolean>; leave(): void }): () => void;
};

export type GateOptions = {
  /** Names and origins that are let in while only this machine can reach the address. */
  rule: HostRule;
  isLoopback: boolean;
  /** Late: the room that knows users is made after the keys. */
  admission(): Admission | undefined;
};

/** The surface that `access.anonymous` can leave open to a network. */
export const surface = 'etcd-v2';

export class Gate {
  readonly #options: GateOptions;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** True when a request that names this host, and nothing that shows a page or a login, needs no further look. */
  isOpenTo(host: string): boolean {
    const { rule, isLoopback, admission } = this.#options;
    return admission()?.hasUsers !== true && (!isLoopback || isLocalName(host, rule.names));
  }

  /** A handler that lets nobody through who does not belong. */
  guard(handler: Handler): Handler {
    return (request, response) => {
      const { rule, isLoopback, admission } = this.#options;
      const { method = 'GET', headers } = request;
      const problem = isLoopback ? foreignness({ method, headers }, rule) : undefined;
      if (problem !== undefined) return refuse(response, problem);
      const door = admission();
      if (door === undefined) return handler(request, response);
      // What a proxy passes on comes from somewhere else, whatever the address says: nobody is trusted for that.
      const isTrusted = () => !door.hasUsers && !(isLoopback && isForwarded(request));
      if (isTrusted()) {
        watchOver(door, request, response, isTrusted);
        return handler(request, response);
      }
      // CORS asks ahead without a login, and learns nothing by it.
      if (method === 'OPTIONS') return handler(request, response);
      admit(request, door).then(
        () => {
          const mayStay = () =>
            admit(request, door).then(
              () => true,
              () => false,
            );
          watchOver(door, request, response, mayStay);
          handler(request, response);
        },
        () => refuseLogin(response),
      );
    };
  }
}

/** A watch lives for hours: it breaks off when whoever began it would not be let in any more. */
function watchOver(
  door: Admission,
  { method }: IncomingMessage,
  response: ServerResponse,
  mayStay: () => boolean | Promise<boolean>,
): void {
  if (method === 'GET') response.once('close', door.enter({ mayStay, leave: () => response.destroy() }));
}

/** What proxies add to a request that they pass on. */
export const forwarding = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'] as const;

const isForwarded = ({ headers }: IncomingMessage): boolean => forwarding.some((name) => headers[name] !== undefined);

async function admit(request: IncomingMessage, door: Admission): Promise<void> {
  const caller = await door.admit({
    authorization: headerFields(request, 'authorization'),
    address: door.addressOf(request.socket.remoteAddress ?? '', headerFields(request, 'x-forwarded-for').join(',')),
    isForwarded: isForwarded(request),
    certificate: peerCertificate(request.socket),
    surface,
  });
  const needed = neededRole(request);
  if (!isEnough(caller.role, needed)) throw new Problem('denied', `This needs the role ${needed}.`);
}

function neededRole({ method, url = '' }: IncomingMessage): 'viewer' | 'operator' | 'admin' {
  if (method === 'GET' || method === 'HEAD') return 'viewer';
  const target = readTarget(url);
  return target.kind === 'page' && isMembersPath(target.path) ? 'admin' : 'operator';
}

function refuse(response: ServerResponse, { title, detail, hint }: Problem): void {
  const text = `${JSON.stringify({ message: title, detail, hint })}\n`;
  response.writeHead(403, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }).end(text);
}

/** What etcd answers when its own authentication refuses. */
function refuseLogin(response: ServerResponse): void {
  const { text, status } = loginRefusal;
  const headers = { 'Content-Type': 'application/json', 'X-Etcd-Index': '0', 'WWW-Authenticate': 'Bearer realm="weir"' };
  response.writeHead(status, { ...headers, 'Content-Length': text.length }).end(text);
}
