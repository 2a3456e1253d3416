/** Listeners as the configuration declares them: `NAME ADDRESS [frame=FRAMING] to=PLACE`. */
import { isAbsolute } from 'node:path';
import { isLoopback } from '../core/listen-address.ts';
import { Problem } from '../core/problem.ts';
import { parseSocketAddress, type SocketAddress, showAddress } from './address.ts';
import { lines, parseFraming } from './framing/framing.ts';
import type { ListenerPlan } from './listener.ts';
import { parseTo } from './to.ts';

const setting = 'sockets.listeners';

/** Reads all of them; throws `invalid` that names the one that is wrong, and `denied` where strangers could send (see `sockets.allow`). */
export function readDeclared(texts: readonly string[], allow: readonly string[]): ListenerPlan[] {
  const plans = texts.map(readOne);
  const twice = plans.find(({ name }, at) => plans.findIndex((plan) => plan.name === name) !== at);
  if (twice !== undefined) throw new Problem('invalid', `There are two listeners ${twice.name}.`, { pointer: setting });
  const open = plans.find(({ address }) => isExposed(address));
  if (open === undefined || allow.length > 0) return plans;
  throw new Problem('denied', `Weir does not listen on ${showAddress(open.address)} for everyone.`, {
    detail: 'whoever reaches that address could send to it; sockets ask for no login',
    hint: 'name the networks that may: sockets.allow=10.0.0.0/8 (0.0.0.0/0,::/0 is everyone)',
    pointer: 'sockets.allow',
  });
}

const isExposed = (address: SocketAddress): boolean => address.kind !== 'unix' && !isLoopback({ ...address, kind: 'tcp' });

function readOne(text: string): ListenerPlan {
  const [name = '', place = '', ...rest] = text.trim().split(/\s+/);
  const words = new Map(rest.map((word) => [word.split('=')[0] as string, word.slice(word.indexOf('=') + 1)]));
  const to = words.get('to');
  const unknown = [...words.keys()].find((word) => word !== 'to' && word !== 'frame');
  if (!/^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(name) || to === undefined || unknown !== undefined)
    throw new Problem('invalid', `${JSON.stringify(text)} declares no listener.`, {
      detail: unknown === undefined ? 'expected NAME ADDRESS [frame=FRAMING] to=PLACE' : `there is no word ${JSON.stringify(unknown)}`,
      hint: 'syslog udp://127.0.0.1:5514 to=records:syslog',
      pointer: setting,
    });
  const address = parseSocketAddress(place, setting);
  const frame = words.get('frame');
  if (address.kind === 'udp' && frame !== undefined)
    throw new Problem('invalid', `${name}: each datagram is a frame, so frame= means nothing for UDP.`, { pointer: setting });
  const where = parseTo(to, name);
  if (where.kind === 'stdout' || (where.kind === 'file' && !isAbsolute(to.slice('file:'.length))))
    throw new Problem('invalid', `${name}: a server writes to files by their whole path, and not to its standard output.`, {
      pointer: setting,
    });
  return { name, address, framing: frame === undefined ? lines : parseFraming(frame), to };
}
