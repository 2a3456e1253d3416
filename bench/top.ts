/** The ten greatest senders among all flows; beside nfdump over its own files of the same packets. */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Bench, type Benchmark, memoryLimit, type Report, ratioTarget } from './benchmark.ts';
import { nfpcapdCommand, tellRun } from './capture.ts';
import { fetching } from './fetching.ts';
import { singlesInput } from './inputs.ts';
import { findPeers, type PeerName } from './peers.ts';
import { runProcess } from './process.ts';
import { type Contender, playRounds, type Standing } from './rounds.ts';
import { WeirServer, weirCommand, weirImport, weirSummary } from './weir.ts';

export const top: Benchmark = { about: 'top ten of ten million flows; nfdump -s', run };

async function run(bench: Bench): Promise<Report[]> {
  const file = await singlesInput(bench);
  const folder = join(bench.folder, `singles-${bench.flows}.weir`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  bench.say(`importing into ${folder}`);
  await runProcess(weirImport(file, folder));
  const { flows } = await weirSummary(folder);
  const { found, skipped } = findPeers(['nfdump', 'nfpcapd']);
  const nfdump = await nfdumpContender(bench, file, found);
  const { overHttp, standings } = await play(bench, { folder, flows, nfdump });
  const peer = standings[2];
  const targets = peer
    ? [
        ratioTarget('top over HTTP to nfdump -s', (overHttp?.unitsPerSecond ?? 0) / peer.unitsPerSecond, 1.5),
        ratioTarget('weir flows top, a whole process, to nfdump -s', (standings[1]?.unitsPerSecond ?? 0) / peer.unitsPerSecond, 1.5),
      ]
    : [];
  targets.push(memoryLimit('peak memory of the server', overHttp?.median.peakOctets ?? Number.NaN));
  return [{ title: `top: ten of ${flows} flows by source and bytes`, unit: 'flows', standings, skipped, targets }];
}

type Play = { folder: string; flows: number; nfdump: Contender | undefined };

/** A server holds its data directory, so the command works on it between the runs of the server. */
async function play(bench: Bench, { folder, flows, nfdump }: Play): Promise<{ overHttp: Standing | undefined; standings: Standing[] }> {
  const path = '/api/v1/flows/top?by=src_comp&metric=bytes';
  const http: Contender = {
    name: 'weir top, HTTP',
    units: flows,
    run: async (round) => {
      await using server = await WeirServer.start(folder);
      const asking = fetching('', flows, { server, path });
      // The first question also opens files and compiles; a server is asked more than once.
      await asking.run(round);
      // Awaited here: the server stops as soon as this returns.
      return await asking.run(round);
    },
  };
  const command: Contender = {
    name: 'weir flows top',
    units: flows,
    run: () => runProcess(weirCommand('flows', 'top', '--by', 'src_comp', '--metric', 'bytes', '--data', folder)),
  };
  const contenders = [http, command, ...(nfdump ? [nfdump] : [])];
  const standings = await playRounds(contenders, bench.rounds, tellRun(bench));
  return { overHttp: standings[0], standings };
}

async function nfdumpContender(bench: Bench, file: string, found: Map<PeerName, string>): Promise<Contender | undefined> {
  const [nfdump, nfpcapd] = [found.get('nfdump'), found.get('nfpcapd')];
  if (nfdump === undefined || nfpcapd === undefined) return undefined;
  const folder = join(bench.folder, `singles-${bench.flows}.nfdump`);
  if (bench.fresh) rmSync(folder, { recursive: true, force: true });
  if (!existsSync(folder)) {
    bench.say(`making ${folder}`);
    await runProcess(nfpcapdCommand(nfpcapd, file, folder));
  }
  const info = await runProcess({ program: nfdump, args: ['-R', folder, '-I'] });
  const units = Number(/^Flows: (\d+)/m.exec(info.output)?.[1]);
  return {
    name: 'nfdump -s',
    units,
    run: () => runProcess({ program: nfdump, args: ['-R', folder, '-s', 'srcip/bytes', '-n', '10', '-q'] }),
  };
}
