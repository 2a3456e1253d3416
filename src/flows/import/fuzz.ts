import { Problem } from '../../core/problem.ts';
import { FlowBatch } from '../batch.ts';
import type { Shape } from '../schema.ts';
import type { CollectedRow } from './collect.ts';
import { Collector } from './collect.ts';
import { createCsvParser } from './csv.ts';
import { detectFormat } from './detect.ts';
import { createJsonParser } from './json-array.ts';
import { createLanlParser } from './lanl.ts';
import type { LanlFormat } from './lanl-fields.ts';
import { lanlFields } from './lanl-fields.ts';
import { createNdjsonParser } from './ndjson.ts';
import type { TextParser } from './parser.ts';
import { BadRows } from './rows.ts';

const object =
  '{"id":1,"time":1,"duration":0,"src_comp":"C1","src_port":"389","dst_comp":"C2","dst_port":"N1","protocol":6,"packet_count":10,"byte_count":5323}';

/** Good input of every text format, to begin mutations from. */
export const textImportSeeds: readonly string[] = [
  '1,0,C1065,389,C3799,N10451,6,10,5323\n1,0,C1423,N1136,C1707,N1,6,5,847\n',
  '7,1,0,C1065,389,C3799,N10451,6,10,5323\r\n',
  '4060800,0,Comp621354,ActiveDirectory,17,Port03657,53,1,0,63,18446744073709551615\n',
  'id,time,duration,src_comp,src_port,dst_comp,dst_port,protocol,packet_count,byte_count,start_time\n1,1,0,"C,1",389,::1,N1,6,10,5323,2015-01-31T00:00:00Z\n',
  `${object}\n${object}\n`,
  `[${object},\n${object}]`,
];

/** Used again in each round: to make them takes longer than to fill them. */
const batches: Readonly<Record<Shape, FlowBatch>> = { named: new FlowBatch('named'), addressed: new FlowBatch('addressed') };

type Reading = { rows: readonly CollectedRow[]; lines: number; bad: number; problem: string | undefined };

/**
 * One round of fuzzing: any octets, taken for any text format, are rows, bad rows or a Problem, and the same whether they
 * come at once or in pieces. A LANL row says what its line says. Throws an Error that tells which of these broke.
 */
export const fuzzTextImport = (octets: Uint8Array): void => {
  orProblem(() => detectFormat(octets));
  for (const [format, create] of parsers) {
    const whole = read(create, octets, octets.length);
    for (const size of [1, 7]) {
      const pieces = read(create, octets, size);
      if (JSON.stringify(pieces) !== JSON.stringify(whole)) throw new Error(`${format}: pieces of ${size} octets are read otherwise`);
    }
    if (whole.problem === undefined && whole.rows.length + whole.bad > whole.lines) throw new Error(`${format}: more rows than lines`);
    if (format in lanlFields) compareLines(format as LanlFormat, octets, whole.rows);
  }
};

type Sink = { open: (shape: Shape) => Collector; badRows: BadRows };

const lanlParser =
  (format: LanlFormat) =>
  ({ open, badRows }: Sink): TextParser =>
    createLanlParser({ format, emit: open('named'), badRows });

const parsers: readonly (readonly [string, (sink: Sink) => TextParser])[] = [
  ...(Object.keys(lanlFields) as LanlFormat[]).map((format) => [format, lanlParser(format)] as const),
  ['csv', createCsvParser],
  ['ndjson', createNdjsonParser],
  ['json', createJsonParser],
];

const read = (create: (sink: Sink) => TextParser, octets: Uint8Array, size: number): Reading => {
  const badRows = new BadRows(true);
  let collector: Collector | undefined;
  const open = (shape: Shape) => {
    collector = new Collector(shape, batches[shape]);
    return collector;
  };
  const parser = create({ open, badRows });
  const problem = orProblem(() => {
    for (let at = 0; at < octets.length; at += size) parser.push(octets.slice(at, at + size));
    parser.end();
  });
  return { rows: collector?.rows ?? [], lines: parser.lines, bad: badRows.count, problem: problem?.title };
};

const orProblem = (act: () => void): Problem | undefined => {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof Problem && error.code === 'unprocessable') return error;
    throw error;
  }
};

/** `id` is the line of the row, and the line is the row's columns with commas between them. */
const compareLines = (format: LanlFormat, octets: Uint8Array, rows: readonly CollectedRow[]): void => {
  const lines = Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('utf8').split('\n');
  const names = lanlFields[format].flatMap(({ column }) => column ?? []);
  for (const row of rows) {
    const line = lines[Number(row.id) - 1]?.replace(/\r$/, '');
    const cells = format === 'lanl-2015-id' ? line?.slice(line.indexOf(',') + 1) : line;
    const written = names.map((name) => row[name]).join(',');
    if (written !== cells) throw new Error(`${format}: ${JSON.stringify(line)} became ${JSON.stringify(written)}`);
  }
};
