import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { publishedColumns } from '../schema.ts';
import { detectFormat } from './detect.ts';

const hex = (text: string): Uint8Array => Buffer.from(text.padEnd(64, '0'), 'hex');
const nine = '1,0,C1,389,C2,N1,6,10,5323';
const eleven = '4060800,0,Comp1,ActiveDirectory,17,Port03657,53,1,0,63,0';

describe('detectFormat', () => {
  it.each([
    [hex('d4c3b2a1'), 'pcap'],
    [hex('a1b2c3d4'), 'pcap'],
    [hex('4d3cb2a1'), 'pcap'],
    [hex('a1b23c4d'), 'pcap'],
    [hex('0a0d0d0a'), 'pcapng'],
    ['PAR1', 'parquet'],
    [`${nine}\n`, 'lanl-2015'],
    [nine, 'lanl-2015'],
    [`${nine}\r\n`, 'lanl-2015'],
    [`1,0,,x,C2,N1,6,-,5323\n`, 'lanl-2015'],
    [`7,${nine}\n`, 'lanl-2015-id'],
    [`${eleven}\n`, 'lanl-2017'],
    [
      `time,duration,source computer,source port,destination computer,destination port,protocol,packet count,byte count\n${nine}\n`,
      'lanl-2015',
    ],
    ['time,duration,source computer,source port,destination computer,destination port,protocol,packet count,byte count\n', 'lanl-2015'],
    [`Time,Duration,SrcDevice,DstDevice,Protocol,SrcPort,DstPort,SrcPackets,DstPackets,SrcBytes,DstBytes\n${eleven}\n`, 'lanl-2017'],
    [`${publishedColumns.join(',')}\n1,${nine}\n`, 'csv'],
    [`"${[...publishedColumns].reverse().join('","')}",tcp_flags\r\n`, 'csv'],
    [`${publishedColumns.slice(1).join(',')}\n${nine}\n`, 'csv'],
    ['{"id":1}\n', 'ndjson'],
    ['[\n{"id":1}', 'json'],
    [' \n[]', 'json'],
  ])('%.40s is %s', (head, format) => {
    expect(detectFormat(typeof head === 'string' ? Buffer.from(head) : head)).toBe(format);
  });

  it('refuses the authentication set of LANL by name', () => {
    expect(() => detectFormat(Buffer.from('1,U1,C1\n1,U1,C2\n'))).toThrow(
      /LANL user-computer authentication set of 2014 .* holds no flows/,
    );
  });

  it.each([
    ['', 'an empty file'],
    ['1f8b0800', 'gzip data inside'],
    ['504b0304', 'a ZIP archive'],
    ['736e6f6f70', 'a snoop capture'],
    ['0ca50001', 'a file of nfdump'],
    ['efbbbf31', 'text behind a byte order mark'],
    ['fffe3100', 'text in UTF-16'],
    ['3c3f786d6c', 'XML or HTML'],
    ['00010203', 'binary data that begins with 00010203'],
    [Buffer.from('a,b,c\n').toString('hex'), 'text whose first line has 3 columns: "a,b,c"'],
    [Buffer.from('hello').toString('hex'), 'text whose first line has 1 column: "hello"'],
    [Buffer.from('a,b,c,d,e,f,g,h,i\nj,k,l,m,n,o,p,q,r\n').toString('hex'), 'text whose first line has 9 columns'],
    [Buffer.from(`1,0,C1,389,C2,N1,tcp,10,5323\n`).toString('hex'), 'text whose first line has 9 columns'],
    [Buffer.from('x'.repeat(200)).toString('hex'), `text whose first line has 1 column: "${'x'.repeat(80)}…"`],
  ])('says what %.20s looks like, and which formats there are', (octets, look) => {
    const head = Buffer.from(octets, 'hex');
    expect(() => detectFormat(head)).toThrow(`no known format: this looks like ${look}`);
    expect(() => detectFormat(head)).toThrow(
      expect.objectContaining({
        code: 'unprocessable',
        hint: expect.stringContaining('--format pcap|pcapng|lanl-2015|'),
        detail: expect.stringContaining('lanl-2017 ('),
      }),
    );
  });
});

test.skipIf(!process.env.WEIR_TEST_DATA)('recognises real files [needs WEIR_TEST_DATA: the folder with reference captures]', () => {
  const format = (name: string) => detectFormat(readFileSync(join(process.env.WEIR_TEST_DATA as string, name)).subarray(0, 65_536));
  expect(format('lanl/cyber1-flows-real.txt')).toBe('lanl-2015');
  expect(format('lanl/hostile-rows.txt')).toBe('lanl-2015');
  expect(format('lanl/unified-netflow-real.txt')).toBe('lanl-2017');
  expect(format('captures/zeek/icmp-5-pings.pcap')).toBe('pcap');
});
