/**
 * The text formats of the LANL data sets, column by column.
 *
 *   lanl-2015     time,duration,src,sport,dst,dport,protocol,packets,bytes              (flows.txt, one direction a row)
 *   lanl-2015-id  id,time,duration,...                                                   (the same with a leading id)
 *   lanl-2017     time,duration,src,dst,protocol,sport,dport,spackets,dpackets,sbytes,dbytes   (netflow_day-NN, biflows)
 */
import type { ColumnName } from '../schema.ts';
import { lastSecond } from './limits.ts';

/** The LANL formats by their words. */
export type LanlFormat = 'lanl-2015' | 'lanl-2015-id' | 'lanl-2017';

/** What a field may hold. Whole numbers are bounded by `least` and `most`. */
export type LanlField = {
  /** The data set's own word for the column, used in messages. */
  readonly name: string;
  readonly kind: 'number' | 'name' | 'port';
  /** The column of the flow; undefined for what is checked and then left. */
  readonly column: ColumnName | undefined;
  readonly least: bigint;
  readonly most: bigint;
};

const u64 = 2n ** 64n - 1n;
const number = (name: string, column: ColumnName | undefined, least: bigint, most: bigint): LanlField => ({
  name,
  kind: 'number',
  column,
  least,
  most,
});
const text = (name: string, kind: 'name' | 'port', column: ColumnName): LanlField => ({ name, kind, column, least: 0n, most: 0n });

const duration = number('duration', 'duration', 0n, lastSecond);
const source = text('source computer', 'name', 'src_comp');
const sourcePort = text('source port', 'port', 'src_port');
const destination = text('destination computer', 'name', 'dst_comp');
const destinationPort = text('destination port', 'port', 'dst_port');
const protocol = number('protocol', 'protocol', 0n, 255n);

const fields2015 = [
  number('time', 'time', 1n, lastSecond),
  duration,
  source,
  sourcePort,
  destination,
  destinationPort,
  protocol,
  number('packet count', 'packet_count', 1n, u64),
  number('byte count', 'byte_count', 0n, u64),
];

/** The columns of each format, in the order of its lines. */
export const lanlFields: Readonly<Record<LanlFormat, readonly LanlField[]>> = {
  'lanl-2015': fields2015,
  'lanl-2015-id': [number('id', undefined, 0n, u64), ...fields2015],
  'lanl-2017': [
    number('time', 'time', 0n, lastSecond),
    duration,
    source,
    destination,
    protocol,
    sourcePort,
    destinationPort,
    number('source packets', 'packet_count', 0n, u64),
    number('destination packets', 'rev_packet_count', 0n, u64),
    number('source bytes', 'byte_count', 0n, u64),
    number('destination bytes', 'rev_byte_count', 0n, u64),
  ],
};
