import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Problem } from '../../core/problem.ts';
import { fuzzFilter } from './fuzz.ts';
import { filterLimits, filterWords, formatFilter, parseFilter } from './index.ts';

const refusal = (text: string): Problem => {
  try {
    parseFilter(text);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error(`was taken: ${text}`);
};

describe('formatFilter writes the canonical text', () => {
  test.each<[string, string]>([
    ['', 'any'],
    ['  \n\t ', 'any'],
    ['ANY', 'any'],
    ['tcp', 'proto tcp'],
    ['PROTO TCP', 'proto tcp'],
    ['protocol 6', 'proto tcp'],
    ['proto = icmp6', 'proto icmp6'],
    ['icmpv6', 'proto icmp6'],
    ['proto 255', 'proto 255'],
    ['proto 0x11', 'proto udp'],
    ['proto in [tcp udp 132]', 'proto in [tcp udp sctp]'],
    ['inet', 'ip-version ipv4'],
    ['ip6', 'ip-version ipv6'],
    ['ip 192.0.2.1', 'host 192.0.2.1'],
    ['host 2001:DB8:0:0:0:0:0:1', 'host 2001:db8::1'],
    ['host ::ffff:192.0.2.1', 'host ::ffff:192.0.2.1'],
    ['src ip 192.0.2.1', 'src host 192.0.2.1'],
    ['src 192.0.2.1', 'src host 192.0.2.1'],
    ['dst ::1', 'dst host ::1'],
    ['src C1423', 'src host C1423'],
    ['dst 10.0.0.0/8', 'dst net 10.0.0.0/8'],
    ['src and dst host C1423', 'src and dst host C1423'],
    ['dst and src host C1423', 'src and dst host C1423'],
    ['src or dst port 80', 'port 80'],
    ['host ActiveDirectory', 'host ActiveDirectory'],
    ['host "port"', 'host "port"'],
    ['host "a b\\"c\\\\"', 'host "a b\\"c\\\\"'],
    ['host "C1"', 'host C1'],
    ['host in [C1, C2 192.0.2.1]', 'host in [192.0.2.1 C1 C2]'],
    ['host not in (C1, C2)', 'not host in [C1 C2]'],
    ['host != C1', 'not host C1'],
    ['net 10.1.2.3/8', 'net 10.0.0.0/8'],
    ['net 10/8', 'net 10.0.0.0/8'],
    ['net 192.168/16', 'net 192.168.0.0/16'],
    ['src net 10.0.0.0 255.0.0.0', 'src net 10.0.0.0/8'],
    ['net 0.0.0.0 0.0.0.0 and tcp', 'net 0.0.0.0/0 and proto tcp'],
    ['net in [10/8 2001:db8::/32]', 'net in [10.0.0.0/8 2001:db8::/32]'],
    ['port 80', 'port 80'],
    ['port=80', 'port 80'],
    ['port == 80', 'port 80'],
    ['port>1023', 'port > 1023'],
    ['port >= 1024 && port < 2048', 'port >= 1024 and port < 2048'],
    ['port 6000-6063', 'port 6000..6063'],
    ['port 6000..6063', 'port 6000..6063'],
    ['port in [80,443,8080]', 'port in [80 443 8080]'],
    ['port in [80 443 1000-2000 N10451]', 'port in [80 443 1000..2000 N10451]'],
    ['port N10451', 'port N10451'],
    ['port Port03657', 'port Port03657'],
    ['port "80"', 'port "80"'],
    ['port != 80', 'not port 80'],
    ['packets > 1k', 'packets > 1000'],
    ['bytes > 1m', 'bytes > 1000000'],
    ['octets >= 1.5G', 'bytes >= 1500000000'],
    ['bytes < 64Ki', 'bytes < 65536'],
    ['src packets 5', 'src packets 5'],
    ['dst packets 5', 'rev packets 5'],
    ['rev bytes = 0', 'rev bytes 0'],
    ['src and dst bytes > 0', 'src and rev bytes > 0'],
    ['bytes 18446744073709551616', 'bytes 18446744073709551616'],
    ['duration > 5', 'duration > 5s'],
    ['duration > 5000ms', 'duration > 5s'],
    ['duration >= 2m', 'duration >= 2m'],
    ['duration < 0.25', 'duration < 250ms'],
    ['duration 1h', 'duration 1h'],
    ['duration 5-10', 'duration 5s..10s'],
    ['duration 500ms-2s', 'duration 500ms..2s'],
    ['bps > 1.5m', 'bps > 1500000'],
    ['pps < 0.5', 'pps < 0.5'],
    ['bpp >= 1400', 'bpp >= 1400'],
    ['flags S', 'flags S'],
    ['flags as', 'flags SA'],
    ['flags 0x12', 'flags SA'],
    ['flags 18', 'flags SA'],
    ['flags = S', 'flags = S'],
    ['flags != S', 'not flags = S'],
    ['flags = 0', 'flags = 0'],
    ['flags X', 'flags FSRPAU'],
    ['flags NCE', 'flags ECN'],
    ['src flags S', 'src flags S'],
    ['dst flags R', 'rev flags R'],
    ['flags S and not flags A', 'flags S and not flags A'],
    ['icmp-type 8', 'icmp-type 8'],
    ['icmp-code 0', 'icmp-code 0'],
    ['vlan 10', 'vlan 10'],
    ['vlan any', 'vlan any'],
    ['mpls 0xfffff', 'mpls 1048575'],
    ['tos 184', 'tos 184'],
    ['ttl < 5', 'ttl < 5'],
    ['min ttl 1', 'min ttl 1'],
    ['in if 3', 'in if 3'],
    ['dst if 3', 'out if 3'],
    ['in and out if 3', 'in and out if 3'],
    ['src as 65000', 'src as 65000'],
    ['mac 00:11:22:AA:bb:cc', 'mac 00:11:22:aa:bb:cc'],
    ['src mac 00-11-22-33-44-55', 'src mac 00:11:22:33:44:55'],
    ['next ip 192.0.2.9', 'next-hop 192.0.2.9'],
    ['next hop ::1', 'next-hop ::1'],
    ['nexthop 192.0.2.9', 'next-hop 192.0.2.9'],
    ['exporter 192.0.2.9', 'exporter 192.0.2.9'],
    ['exporter in [192.0.2.9 ::1]', 'exporter in [192.0.2.9 ::1]'],
    ['time > 2017-03-01T00:00:00Z', 'time > 1488326400'],
    ['time 2017-03-01..2017-03-02', 'time 1488326400..1488412800'],
    ['time 100-200', 'time 100..200'],
    ['time > -5', 'time > -5'],
    ['after 5011200', 'time > 5011200'],
    ['before 2017-03-01T01:00:00+01:00', 'time <= 1488326400'],
    ['id 17', 'id 17'],
    ['id in [1 5..9]', 'id in [1 5..9]'],
    ['source 3', 'source 3'],
    ['session 18446744073709551615', 'session 18446744073709551615'],
    ['parent-session 1', 'parent-session 1'],
    ['part > 0', 'part > 0'],
    ['direction initiator', 'direction initiator'],
    ['end-reason closed', 'end-reason closed'],
    ['end-reason 4', 'end-reason forced'],
    ['tunnel vxlan', 'tunnel vxlan'],
    ['tunnel any', 'tunnel any'],
    ['tunnel six-in-four', 'tunnel six-in-four'],
    ['tunnel-depth 0', 'tunnel-depth 0'],
    ['sampling > 1', 'sampling > 1'],
    ['fragments > 0', 'fragments > 0'],
    ['retransmits > 1k', 'retransmits > 1000'],
    ['rtt > 100ms', 'rtt > 100ms'],
    ['marked truncated', 'marked truncated'],
    ['marked out-of-order', 'marked out-of-order'],
    ['tcp and udp or icmp', 'proto tcp and proto udp or proto icmp'],
    ['tcp and (udp or icmp)', 'proto tcp and (proto udp or proto icmp)'],
    ['((tcp))', 'proto tcp'],
    ['(tcp and udp) and icmp', 'proto tcp and proto udp and proto icmp'],
    ['tcp || udp && !icmp', 'proto tcp or proto udp and not proto icmp'],
    ['not not tcp', 'not not proto tcp'],
    ['not (tcp or udp)', 'not (proto tcp or proto udp)'],
    ['!tcp', 'not proto tcp'],
    [
      'proto tcp and (port 443 or dst net 10.0.0.0/8) and bytes > 1m and not host C1423',
      'proto tcp and (port 443 or dst net 10.0.0.0/8) and bytes > 1000000 and not host C1423',
    ],
  ])('%s', (text, canonical) => {
    const filter = parseFilter(text);
    expect(formatFilter(filter)).toBe(canonical);
    expect(parseFilter(canonical)).toEqual(filter);
  });
});

describe('a refusal names the column, what was expected and what came', () => {
  test.each<[string, number, string]>([
    ['proto tcp and port 70000', 20, 'expected a port number (0 to 65535), got "70000"'],
    ['port http', 6, 'expected a port number (0 to 65535), got "http"'],
    ['port', 5, 'expected a port number (0 to 65535), got the end'],
    ['port 80-', 6, 'expected a port number (0 to 65535), got "80-"'],
    ['port 1-2-3', 6, 'expected a port number (0 to 65535), got "1-2-3"'],
    ['port 90-80', 6, 'the range 90-80 runs backwards'],
    ['port 1k', 6, 'expected a port number (0 to 65535), got "1k"'],
    ['port > N1', 8, 'expected a port number (0 to 65535), got "N1"'],
    ['port in 80', 9, 'expected "[", got "80"'],
    ['port in []', 10, 'expected a port number (0 to 65535), got "]"'],
    ['port in [80', 12, 'expected a port number (0 to 65535) or "]", got the end'],
    ['port in [80,]', 13, 'expected a port number (0 to 65535), got "]"'],
    ['port in [80)', 12, 'expected a port number (0 to 65535), got ")"'],
    ['port any', 6, 'expected a port number (0 to 65535), got "any"'],
    ['tcp port 80', 5, 'expected and/or, got "port"'],
    ['tcp)', 4, 'expected and/or, got ")"'],
    ['(tcp', 5, 'expected and/or or ")", got the end'],
    ['(tcp udp)', 6, 'expected and/or or ")", got "udp"'],
    ['tcp and', 8, 'expected a condition such as host, net, port or proto, got the end'],
    ['and tcp', 1, 'expected a condition such as host, net, port or proto, got "and"'],
    ['()', 2, 'expected a condition such as host, net, port or proto, got ")"'],
    ['not', 4, 'expected a condition such as host, net, port or proto, got the end'],
    ['prot tcp', 1, 'expected a condition such as host, net, port or proto, got "prot"'],
    ['"tcp"', 1, 'expected a condition such as host, net, port or proto, got "tcp"'],
    ['src prot 80', 5, 'expected a word such as host or port after src, got "prot"'],
    ['src', 4, 'expected a word such as host or port after src, got the end'],
    ['src and host C1', 5, 'expected a word such as host or port after src, got "and"'],
    ['src ttl 5', 1, 'src cannot stand before ttl'],
    ['src and rev port 5', 1, 'rev cannot stand before port'],
    ['dst and rev bytes 5', 1, 'rev cannot stand before bytes'],
    ['in 192.0.2.1', 4, 'expected a word such as packets, if or ttl, got "192.0.2.1"'],
    ['host 10.0.0.256', 6, 'expected an address or the name of a computer, got "10.0.0.256"'],
    ['host 10.0.0.0/8', 6, 'expected an address or the name of a computer, got "10.0.0.0/8"'],
    ['host 010.0.0.1', 6, 'expected an address or the name of a computer, got "010.0.0.1"'],
    ['host fe80::1%eth0', 6, 'expected an address or the name of a computer, got "fe80::1%eth0"'],
    ['host port', 6, 'expected an address or the name of a computer, got "port"'],
    ['host > C1', 6, 'expected an address or the name of a computer, got ">"'],
    ['net 192.0.2.1', 5, 'expected a network such as 10.0.0.0/8 or 2001:db8::/32, got "192.0.2.1"'],
    ['net 10.0.0.0/33', 5, 'expected a network such as 10.0.0.0/8 or 2001:db8::/32, got "10.0.0.0/33"'],
    ['net 10.0.0.0 255.0.255.0', 5, 'expected a network such as 10.0.0.0/8 or 2001:db8::/32, got "10.0.0.0"'],
    ['proto tpc', 7, 'expected a protocol (such as icmp, or 0 to 255), got "tpc"'],
    ['proto 256', 7, 'expected a protocol (such as icmp, or 0 to 255), got "256"'],
    ['bytes > 1.5', 9, 'expected a number of octets (such as 10, 1500, 64k or 2Mi), got "1.5"'],
    ['bytes > 99999999t', 9, 'expected a number of octets (such as 10, 1500, 64k or 2Mi), got "99999999t"'],
    ['bytes > -1', 9, 'expected a number of octets (such as 10, 1500, 64k or 2Mi), got "-1"'],
    ['duration > 5x', 12, 'expected a duration (seconds, or such as 250ms, 5s, 2m or 1h), got "5x"'],
    ['duration any', 10, 'expected a duration (seconds, or such as 250ms, 5s, 2m or 1h), got "any"'],
    ['bps > fast', 7, 'expected bits per second (such as 1.5m, 64k or 0.5), got "fast"'],
    ['flags Q', 7, 'expected TCP flags (letters of FSRPAUECN, X, or a number such as 0x12), got "Q"'],
    ['flags 0', 7, 'every flow has none of no flags'],
    ['flags 512', 7, 'expected TCP flags (letters of FSRPAUECN, X, or a number such as 0x12), got "512"'],
    ['vlan 4096', 6, 'expected a VLAN id (0 to 4095), got "4096"'],
    ['icmp-type 256', 11, 'expected an ICMP type (0 to 255), got "256"'],
    ['tunnel vxln', 8, 'expected a tunnel type (such as ipip, or 0 to 255), got "vxln"'],
    ['marked broken', 8, 'expected a mark such as truncated or malformed, got "broken"'],
    ['exporter rtr1', 10, 'expected an address, got "rtr1"'],
    ['mac 00:11:22:33:44', 5, 'expected an Ethernet address (such as 00:11:22:33:44:55), got "00:11:22:33:44"'],
    [
      'time > 2017-03-01T00:00:00',
      8,
      'expected a time (whole seconds, or ISO 8601 with a zone such as 2017-03-01T00:00:00Z), got "2017-03-01T00:00:00"',
    ],
    ['after 1.5', 7, 'expected a time (whole seconds, or ISO 8601 with a zone such as 2017-03-01T00:00:00Z), got "1.5"'],
    ['after "5"', 7, 'expected a time (whole seconds, or ISO 8601 with a zone such as 2017-03-01T00:00:00Z), got "5"'],
    ['tcp & udp', 5, 'expected &&, got "&"'],
    ['host "C1', 6, 'this quote is never closed'],
    ['host "é😀" prot', 11, 'expected and/or, got "prot"'],
  ])('%s', (text, column, complaint) => {
    const problem = refusal(text);
    expect(problem.title).toBe(`filter column ${column}: ${complaint}`);
    expect(problem.facts?.column).toBe(column);
    expect(problem.facts?.expected).toBeInstanceOf(Array);
    expect(problem.facts).toHaveProperty('got');
    expect(problem.detail?.split('\n')[1]).toBe(`${' '.repeat(column - 1)}^`);
  });

  test.each([
    ['prot tcp', 'Did you mean proto?'],
    ['hots C1', 'Did you mean host?'],
    ['tunnel vxln', 'Did you mean vxlan?'],
    ['proto tpc', 'Did you mean tcp?'],
    ['tcp port 80', 'Conditions are joined by words: … and port …'],
    ['host 10.0.0.0/8', 'A network is written net 10.0.0.0/8.'],
    ['host tcp', 'A computer of that name is written "tcp", in quotes.'],
    ['net 192.0.2.1', 'One address is written host 192.0.2.1.'],
    ['src ttl 5', 'ttl has the sides min and max.'],
    ['src vlan 5', 'vlan has no sides.'],
    ['flags 0', 'Flows with no flag at all: flags = 0'],
  ])('%s: %s', (text, hint) => {
    expect(refusal(text).hint).toBe(hint);
  });

  test('a long filter is shown around the column, on one line', () => {
    const problem = refusal(`${'tcp or\n'.repeat(100)}prot ${'or tcp '.repeat(100)}`);
    const [line, caret] = problem.detail!.split('\n') as [string, string];
    expect(line.slice(caret.indexOf('^'), caret.indexOf('^') + 4)).toBe('prot');
    expect(line.length).toBeLessThan(90);
  });
});

describe('limits', () => {
  test('on the text', () => {
    const fits = `host "${'é'.repeat((filterLimits.octets - 7) / 2)}"`;
    expect(() => parseFilter(fits)).not.toThrow();
    expect(refusal(`${fits} `.padEnd(fits.length + 5)).title).toMatch(/^a filter may have 16384 octets, this one has \d+$/);
  });

  test('on the depth', () => {
    const nested = (depth: number) => `${'('.repeat(depth)}tcp${')'.repeat(depth)}`;
    expect(formatFilter(parseFilter(nested(100)))).toBe('proto tcp');
    expect(refusal(nested(101)).title).toBe('filter column 102: nested deeper than 100');
    expect(refusal('not '.repeat(101)).title).toBe('filter column 405: nested deeper than 100');
    expect(refusal('('.repeat(16_000)).title).toBe('filter column 102: nested deeper than 100');
  });

  test('on a list', () => {
    const ports = (count: number) => `port in [${Array.from({ length: count }, (_, port) => port % 65536).join(' ')}]`;
    const limits = { ...filterLimits, octets: 1e6 };
    expect(() => parseFilter(ports(10_000), limits)).not.toThrow();
    expect(() => parseFilter(ports(10_001), limits)).toThrow('a list may have 10000 values');
  });

  test.each([
    ['words', 'a'.repeat(16_384)],
    ['digits', `port ${'1'.repeat(16_000)}`],
    ['blanks', ' '.repeat(16_384)],
    ['quotes', `host "${'\\"'.repeat(8000)}`],
    ['hyphens', `port ${'1-'.repeat(8000)}`],
    ['colons', `host ${':'.repeat(16_000)}`],
    ['dots', `net ${'1.'.repeat(8000)}/8`],
    ['conditions', `${'tcp or '.repeat(2300)}tcp`],
    ['nots', 'not '.repeat(4000)],
  ])('a full text of %s is read in no time', (_, text) => {
    const start = performance.now();
    fuzzFilter(Buffer.from(text));
    expect(performance.now() - start).toBeLessThan(60_000);
  });
});

test('any text is a filter or a Problem, and a filter survives its canonical text', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      ...filterWords,
      '(',
      ')',
      '[',
      ']',
      ',',
      '<',
      '<=',
      '=',
      '!=',
      '!',
      '&&',
      '||',
      '"',
      '\\',
      '"C 1"',
      'C1423',
      '0',
      '80',
      '6000-6063',
    ),
    fc.constantFrom(
      '1.2.3.4',
      '::1',
      '10/8',
      '2001:db8::/32',
      '255.0.0.0',
      '1k',
      '5ms',
      '2017-03-01',
      '0x12',
      'SA',
      'N1',
      '1..2',
      '-1',
      '1.5',
      '\n',
    ),
    fc.string({ maxLength: 6 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 14 }), fc.constantFrom(' ', ''), (pieces, blank) => {
      fuzzFilter(Buffer.from(pieces.join(blank)));
    }),
    { seed: 42, numRuns: 5000 },
  );
});

test('every word is in the list for completion', () => {
  expect(filterWords).toEqual(expect.arrayContaining(['host', 'net', 'port', 'tcp', 'ipv6', 'after', 'vxlan', 'truncated', 'and', 'in']));
});
