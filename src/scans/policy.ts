import { type Address, type Halves, type Prefix, parseAddress, parsePrefix } from '../core/address-parse.ts';
import { Problem } from '../core/problem.ts';
import type { Target } from './targets.ts';

const networks = (...texts: string[]): Prefix[] => texts.map((text) => parsePrefix(text) as Prefix);

/** What anybody who may scan at all may scan: this machine, and networks that nobody can be reached at from elsewhere. */
const usual = networks('127.0.0.0/8', '::1/128', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', 'fe80::/10');

/**
 * What nobody may scan unless the operator names it: addresses where clouds keep secrets, and those that are no single host (this
 * network, multicast, reserved, broadcast).
 */
const never = networks('169.254.169.254/32', 'fd00:ec2::254/128', '0.0.0.0/8', '::/128', '224.0.0.0/4', '240.0.0.0/4', 'ff00::/8');

const loopback = networks('127.0.0.0/8', '::1/128');
const nat64 = parsePrefix('64:ff9b::/96') as Prefix;
const linkLocal = parsePrefix('fe80::/10') as Prefix;

/** Which addresses may be scanned. */
export class Policy {
  readonly #more: readonly Prefix[];

  /** `more` are networks of the operator's (CIDR, or single addresses). Throws `invalid`. */
  constructor(more: readonly string[]) {
    this.#more = more.map(readNetwork);
  }

  /** Throws `denied` for the first target that may not be scanned. `isAuthorised`: who asks says that he may, outside of what is usual. */
  check(targets: readonly Target[], isAuthorised: boolean): void {
    for (const target of targets) {
      const why = this.#refusal(target, isAuthorised);
      if (why !== undefined) throw refused(target, why);
    }
  }

  #refusal({ address }: Target, isAuthorised: boolean): Refusal | undefined {
    const [literal = '', zone] = address.split('%');
    const parsed = judged(parseAddress(literal) as Address);
    const isNamed = isInside(parsed, this.#more);
    if (isInside(parsed, never) && !isNamed) return 'never';
    if (isInside(parsed, [linkLocal]) && zone === undefined) return 'zone';
    if (isInside(parsed, usual)) return undefined;
    if (!isNamed) return 'outside';
    return isAuthorised ? undefined : 'unsaid';
  }
}

type Refusal = 'never' | 'zone' | 'outside' | 'unsaid';

/** True for addresses of this machine alone: nobody else is bothered by how fast they are asked. */
export function isLoopbackAddress(address: string): boolean {
  const parsed = parseAddress(address);
  return parsed !== undefined && isInside(parsed, loopback);
}

function readNetwork(text: string): Prefix {
  const prefix = parsePrefix(text) ?? parsePrefix(`${text}/32`) ?? parsePrefix(`${text}/128`);
  if (prefix !== undefined) return prefix;
  throw new Problem('invalid', `${text} is no network.`, { hint: '198.51.100.0/24', pointer: 'scans.targets' });
}

/** An address of NAT64 (RFC 6052) leads to the IPv4 address inside of it, and is judged as that. */
function judged(address: Address): Address {
  if (!isInside(address, [nat64])) return address;
  return { version: 4, hi: 0n, lo: 0xffff_0000_0000n | (address.lo & 0xffff_ffffn) };
}

const isInside = ({ version, hi, lo }: Address, prefixes: readonly Prefix[]): boolean =>
  prefixes.some((prefix) => prefix.version === version && bits(prefix.first) <= bits({ hi, lo }) && bits({ hi, lo }) <= bits(prefix.last));

const bits = ({ hi, lo }: Halves): bigint => (hi << 64n) | lo;

const reasons: Record<Refusal, { detail: string; hint: string }> = {
  never: { detail: 'it is no single host, or holds secrets of a cloud', hint: 'name it in the setting scans.targets' },
  zone: { detail: 'a link-local address needs its zone', hint: 'fe80::1%eth0' },
  outside: { detail: 'it is neither loopback nor private', hint: 'the setting scans.targets opens networks that you may scan' },
  unsaid: { detail: 'it is outside of private networks', hint: 'say that you may: --i-am-authorised ("authorised": true)' },
};

const refused = ({ address, name }: Target, why: Refusal): Problem =>
  new Problem('denied', `${name === undefined ? address : `${name} (${address})`} may not be scanned from here.`, {
    ...reasons[why],
    pointer: '/targets',
    facts: { address },
  });
