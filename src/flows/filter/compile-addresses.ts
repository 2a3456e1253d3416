/** Hosts and networks as conditions on the halves of addresses. */
import type { Address, Halves, Prefix } from '../../core/address-parse.ts';
import type { ColumnName } from '../schema.ts';
import type { HostPrimitive, NetPrimitive } from './ast.ts';
import { and, type CompiledFilter, oneOf, or, testOf } from './compiled-filter.ts';
import { sides } from './sides.ts';

/** One end of a flow is one of these hosts, by address or by name. */
export const compileHost = ({ addresses, names }: HostPrimitive, side: 'src' | 'dst'): CompiledFilter =>
  or([
    ...compileAddresses(
      addresses.filter((address) => address.version === 4),
      side,
    ),
    ...compileAddresses(
      addresses.filter((address) => address.version === 6),
      side,
    ),
    ...(names.length > 0 ? [oneOf(sides[side].name, names)] : []),
  ]);

/** Addresses of one version. IPv4 all share their upper half, IPv6 hosts of one subnet do too. */
const compileAddresses = (addresses: readonly Address[], side: 'src' | 'dst'): CompiledFilter[] => {
  if (addresses.length === 0) return [];
  const { hi, lo } = sides[side];
  const version = versionIs(addresses[0]!.version);
  if (addresses.every((address) => address.hi === addresses[0]!.hi)) {
    const upper = oneOf({ sql: hi, type: 'UBIGINT' }, [addresses[0]!.hi]);
    const lower = oneOf(
      { sql: lo, type: 'UBIGINT' },
      addresses.map((address) => address.lo),
    );
    return [and([lower, upper, version])];
  }
  const pairs = addresses.map(() => '(?::UBIGINT, ?::UBIGINT)').join(', ');
  return [and([{ sql: `((${hi}, ${lo}) IN (${pairs}))`, params: addresses.flatMap((address) => [address.hi, address.lo]) }, version])];
};

const versionIs = (version: 4 | 6): CompiledFilter => oneOf({ sql: 'ip_version', type: 'UTINYINT' }, [version]);

/** Up to here ranges, which statistics can prune by; beyond, one hash lookup for each length of prefix. */
const fewPrefixes = 8;

/** One end of a flow is in one of these networks. */
export const compileNets = ({ prefixes }: NetPrimitive, side: 'src' | 'dst'): CompiledFilter => {
  if (prefixes.length <= fewPrefixes) return or(prefixes.map((prefix) => compilePrefix(prefix, side)));
  const alike = Map.groupBy(prefixes, (prefix) => prefix.version * 1000 + prefix.length);
  return or(
    [...alike.values()].map((group) => {
      const { version, length } = group[0]!;
      return length === 0 || group.length === 1
        ? compilePrefix(group[0]!, side)
        : and([compileLeadingBits(group, side), versionIs(version)]);
    }),
  );
};

/** A prefix ends in one half; the other one is fixed or free. */
const compilePrefix = ({ version, length, first, last }: Prefix, side: 'src' | 'dst'): CompiledFilter => {
  const is = versionIs(version);
  if (length === 0) return is;
  const { hi, lo } = sides[side];
  const upper = half(hi, first.hi, last.hi);
  const isUpperOnly = version === 6 && length <= 64;
  return isUpperOnly ? and([upper, is]) : and([half(lo, first.lo, last.lo), upper, is]);
};

const half = (column: ColumnName, from: bigint, to: bigint): CompiledFilter =>
  testOf({ sql: column, type: 'UBIGINT', isNullable: true }, { op: 'in', ranges: [{ from, to }] });

/** Prefixes of one version and length (not 0): their leading bits, looked up in a list. */
const compileLeadingBits = (group: readonly Prefix[], side: 'src' | 'dst'): CompiledFilter => {
  const { hi, lo } = sides[side];
  const { version, length } = group[0]!;
  const hostBits = (version === 4 ? 32 : 128) - length;
  const params = (pick: (halves: Halves) => bigint[]) => group.flatMap((prefix) => pick(prefix.first));
  if (hostBits >= 64) {
    const shift = BigInt(hostBits - 64);
    return oneOf(
      { sql: `(${hi} >> ${shift})`, type: 'UBIGINT' },
      params((first) => [first.hi >> shift]),
    );
  }
  const shift = BigInt(hostBits);
  const lower = `(${lo} >> ${shift})`;
  if (version === 4)
    return oneOf(
      { sql: lower, type: 'UBIGINT' },
      params((first) => [first.lo >> shift]),
    );
  const pairs = group.map(() => '(?::UBIGINT, ?::UBIGINT)').join(', ');
  return { sql: `((${hi}, ${lower}) IN (${pairs}))`, params: params((first) => [first.hi, first.lo >> shift]) };
};
