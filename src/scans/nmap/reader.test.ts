import { describe, expect, test } from 'vitest';
import type { Plan } from '../plan.ts';
import { nmapArguments } from './arguments.ts';
import { type NmapNews, NmapReader } from './reader.ts';

const document = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE nmaprun [<!ENTITY x "expanded">]>
<!-- Nmap 7.93 -->
<nmaprun scanner="nmap" args="nmap -sS" start="1" version="7.93" xmloutputversion="1.05">
<hosthint><status state="up" reason="arp-response"/><address addr="10.0.0.9" addrtype="ipv4"/></hosthint>
<taskprogress task="SYN Stealth Scan" time="1" percent="50.25" remaining="3" etc="4"/>
<host starttime="1" endtime="2"><status state="up" reason="arp-response" reason_ttl="0"/>
<address addr="10.0.0.2" addrtype="ipv4"/><address addr="02:00:00:00:00:01" addrtype="mac" vendor="A &amp; B"/><hostnames></hostnames>
<ports><extraports state="closed" count="3"><extrareasons reason="resets" count="3" proto="tcp" ports="1-2,9"/></extraports>
<extraports state="filtered" count="1"><extrareasons reason="no-responses" count="1" proto="tcp" ports="7"/></extraports>
<port protocol="tcp" portid="22"><state state="open" reason="syn-ack" reason_ttl="64"/><service name="ssh" method="table" conf="3"/></port>
<port protocol="tcp" portid="23"><state state="open|filtered" reason="no-response" reason_ttl="0"/></port></ports>
<times srtt="1500" rttvar="1" to="100000"/></host>
<runstats><finished time="1" elapsed="0.16" exit="success"/><hosts up="1" down="4" total="5"/></runstats>
</nmaprun>`;

const read = (...texts: string[]): NmapNews[] => {
  const reader = new NmapReader();
  return texts.flatMap((text) => reader.push(text));
};

describe('the XML of nmap', () => {
  const whole = read(document);

  test('tells start, progress, hosts and end; a hint is no host', () => {
    expect(whole.map(({ kind }) => kind)).toEqual(['start', 'progress', 'host', 'end']);
    expect(whole[0]).toEqual({ kind: 'start', version: '7.93' });
    expect(whole[1]).toEqual({ kind: 'progress', percent: 50.25 });
    expect(whole[3]).toMatchObject({ up: 1, down: 4, isGood: true });
  });

  test('has folded ports beside single ones', () => {
    expect(whole[2]).toMatchObject({
      host: {
        address: '10.0.0.2',
        status: 'up',
        reason: 'arp-response',
        rtt_ms: 1.5,
        mac: '02:00:00:00:00:01',
        vendor: 'A & B',
        groups: [
          { state: 'closed', reason: 'reset', count: 3, ports: '1-2,9' },
          { state: 'filtered', reason: 'no-response', count: 1, ports: '7' },
          { state: 'open', reason: 'syn-ack', count: 1, ports: '22' },
          { state: 'open|filtered', reason: 'no-response', count: 1, ports: '23' },
        ],
      },
    });
  });

  test('says the same however it is cut, and what is complete when it breaks off', () => {
    for (let step = 1; step < 40; step += 3) expect(read(...(document.match(new RegExp(`[^]{1,${step}}`, 'g')) ?? []))).toEqual(whole);
    for (let end = 0; end < document.length; end += 7)
      expect(whole.slice(0, read(document.slice(0, end)).length)).toEqual(read(document.slice(0, end)));
  });

  test('never ends the reader by other means than an Error, whatever it is', () => {
    let state = 7;
    for (let round = 0; round < 300; round++) {
      const octets = Buffer.from(document);
      for (let flip = 0; flip < 5; flip++) {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        octets[state % octets.length] = (state >>> 16) & 0x7f;
      }
      try {
        read(octets.toString('latin1'));
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }
  });
});

test('arguments are made of checked values, targets behind --', () => {
  const plan: Plan = {
    method: 'syn',
    targets: [{ address: '10.0.0.1', family: 4, isSingle: true }],
    ports: [22, 80, 81],
    concurrency: 1,
    retries: 2,
    rate: 500,
    isAssumedUp: false,
    seed: 1,
    nmap: 'nmap',
  };
  const line = (more: Partial<Plan>) => nmapArguments({ ...plan, ...more }, plan.targets).join(' ');
  const fixed = '-n --no-stylesheet -oX - --stats-every 2s';
  expect(line({})).toBe(`${fixed} -sS -Pn -p 22,80-81 --max-rate 500 --max-retries 2 -- 10.0.0.1`);
  expect(line({ method: 'discover', ports: [] })).toBe(`${fixed} -sn --max-rate 500 -- 10.0.0.1`);
});
