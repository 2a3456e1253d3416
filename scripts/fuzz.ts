/**
 * `npm run fuzz -- --seed 42 --rounds 1000 --only filter,packets`: mutated input for every parser, the same again for the
 * same seed. A finding prints the seed, keeps the input in a file and exits 1; `--input FILE --only NAME` runs that once more.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type FuzzTarget, fuzzTargets } from './fuzz-targets.ts';
import { mutate } from './mutation.ts';
import { Random } from './random.ts';

/** One round works on a few kilobytes; what takes longer than this hangs, as far as a client is concerned. */
const patienceMs = 5000;
const findingsFolder = '.weir/fuzz';
/** Mutations of one input before another takes its place: deep enough to leave what is valid, and to come back. */
const deepest = 4;

const { values: options } = parseArgs({
  options: { seed: { type: 'string' }, rounds: { type: 'string' }, only: { type: 'string' }, input: { type: 'string' } },
});
const seed = wholeNumber('--seed', options.seed ?? String(Math.floor(Math.random() * 2 ** 32)));
const rounds = wholeNumber('--rounds', options.rounds ?? '2000');

for (const name of chosenNames()) {
  if (!(await fuzz(name, fuzzTargets[name] as FuzzTarget))) process.exit(1);
}

function wholeNumber(option: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  return refuse(`${option}: expected a whole number, got ${JSON.stringify(text)}`);
}

function chosenNames(): string[] {
  const known = Object.keys(fuzzTargets);
  const names = options.only?.split(',') ?? known;
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) refuse(`--only: expected some of ${known.join(', ')}, got ${JSON.stringify(unknown)}`);
  if (options.input !== undefined && names.length !== 1) refuse('--input: needs --only with one name');
  return names;
}

function refuse(reason: string): never {
  process.stderr.write(`fuzz: ${reason}\n`);
  process.exit(2);
}

async function fuzz(name: string, target: FuzzTarget): Promise<boolean> {
  if (options.input !== undefined) return attempt(name, target, readFileSync(options.input), 0);
  const random = new Random(seed);
  const start = performance.now();
  for (let round = 1; round <= rounds; round++) {
    let octets = random.pick(target.seeds);
    for (let depth = 1 + random.below(deepest); depth > 0; depth--) octets = mutate(octets, random);
    if (!(await attempt(name, target, octets, round))) return false;
  }
  const seconds = (performance.now() - start) / 1000;
  const peak = Math.round(process.resourceUsage().maxRSS / 1024);
  process.stdout.write(`${name}: ${rounds} rounds from seed ${seed}, ${Math.round(rounds / seconds)}/s, peak RSS ${peak} MiB\n`);
  return true;
}

/** False on a finding, which is told and kept. */
async function attempt(name: string, target: FuzzTarget, octets: Uint8Array, round: number): Promise<boolean> {
  const start = performance.now();
  let fault: unknown;
  try {
    await target.run(octets);
  } catch (error) {
    fault = error;
  }
  const tookMs = performance.now() - start;
  if (fault === undefined && tookMs > patienceMs) fault = new Error(`one round took ${Math.round(tookMs)} ms`);
  if (fault === undefined) return true;
  mkdirSync(findingsFolder, { recursive: true });
  const file = `${findingsFolder}/${name}-${seed}-${round}`;
  writeFileSync(file, octets);
  process.stderr.write(`${name}: a finding in round ${round} of seed ${seed}\n${fault instanceof Error ? fault.stack : String(fault)}\n`);
  process.stderr.write(`the input is in ${file}; once more: npm run fuzz -- --only ${name} --input ${file}\n`);
  return false;
}
