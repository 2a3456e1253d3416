/** `weir import --follow` at work: the flows of a capture that another program is still writing. */
import { stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import type { GlobalOptions } from '../../cli/command.ts';
import { formatScaled } from '../../cli/format.ts';
import { stopOnInterrupt } from '../../cli/interrupt.ts';
import { openOutput } from '../../cli/output.ts';
import { ProgressBar } from '../../cli/progress.ts';
import { recogniseCompression } from '../../core/compression.ts';
import { Problem } from '../../core/problem.ts';
import { type CaptureReader, createCaptureReader } from '../../packets/index.ts';
import type { Import, ImportOptions } from '../access.ts';
import { CaptureIntake } from '../import/capture-intake.ts';
import { newRecord } from '../import/import-record.ts';
import { readImportWords } from '../import/words.ts';
import { FlowSender } from '../live/flow-sender.ts';
import { GrowingFile } from '../live/growing-file.ts';
import { openFlows } from './port.ts';
import { findSources } from './sources.ts';

/** Flows that are open at once; beyond that those silent longest end. */
const maxFlows = 262_144;
/** Milliseconds between two looks at a file that does not grow. */
const lookMs = 100;
/** What tells a capture, and any packing. */
const headOctets = 8;

/** Follows the file that `words` name until a signal, or until it is cut or replaced. `describe` gives the lines of the result. */
export async function followFile(
  words: readonly string[],
  options: ImportOptions,
  command: Command,
  describe: (result: Import, seconds: number) => string[],
): Promise<void> {
  const path = await findFollowed(words, options.format);
  await tryBeginning(path);
  const name = options.name ?? (path.split('/').at(-1) as string);
  const { meter } = readImportWords({ ...options, name }, maxFlows);
  const { server, data, quiet } = command.optsWithGlobals<GlobalOptions>();
  const output = openOutput(command);
  const stopping = new AbortController();
  stopOnInterrupt(stopping);
  const file = await GrowingFile.open(path);
  const port = await openFlows(command, { creates: true, storePlace: 'thread' });
  const { tickSeconds: _, ...live } = meter;
  const prefix = `${name.replace(/[^\w.-]/g, '_').slice(0, 100)}-`;
  const sender = await FlowSender.open({ port, target: data ?? server, name: prefix, meter: live, isQuiet: quiet === true });
  const intake = new CaptureIntake(sender, meter.tunnels);
  const reader = createCaptureReader(intake);
  const bar = new ProgressBar({ label: name, quiet: output.quiet });
  const result: Import = { ...newRecord(0, { name, format: undefined }, null, Date.now()), state: 'metering' };
  const note = (): void => {
    const { packets, kind, remarks } = reader;
    const metered = intake.counts[0] as number;
    Object.assign(result, { bytes_read: file.position, packets, packets_metered: metered, flows: sender.flows });
    Object.assign(result, { format: kind ?? null, skipped: intake.skipped, warnings: remarks });
  };
  output.note(`following ${path}; end with Ctrl-C`);
  try {
    await follow(file, reader, sender, stopping.signal, () => {
      bar.update({
        bytes: file.position,
        total: null,
        remark: `${formatScaled(reader.packets)} packets  ${formatScaled(sender.flows)} flows`,
      });
    });
    // A packet that is not whole yet will never be read.
    if (reader.interfaces.length > 0) reader.end();
  } finally {
    bar.end();
    await file.close();
    await sender.close();
    note();
    if (output.form !== 'table') output.json({ ...result, state: 'done', ended_at: new Date().toISOString() });
    else if (!output.quiet) for (const line of describe(result, bar.seconds)) output.line(line);
  }
}

/** Reads on until the signal; between two pieces flows end and are sent. */
async function follow(
  file: GrowingFile,
  reader: CaptureReader,
  sender: FlowSender,
  signal: AbortSignal,
  onStep: () => void,
): Promise<void> {
  let arrivedAt = performance.now();
  while (!signal.aborted) {
    const bytes = await file.next();
    if (bytes.length > 0) {
      reader.push(bytes);
      arrivedAt = performance.now();
    }
    // The clock of flows is that of the packets, and goes on while none come: the file may be as old as it likes.
    await sender.settle(performance.now() - arrivedAt, signal);
    onStep();
    if (bytes.length === 0) await pause(lookMs, undefined, { signal }).catch(() => {});
  }
}

/** Tries the beginning, as far as there is one, so that nothing is opened for a file that is no capture. */
async function tryBeginning(path: string): Promise<void> {
  const file = await GrowingFile.open(path);
  try {
    const head = (await file.next()).subarray(0, headOctets);
    const packing = recogniseCompression(head);
    if (packing !== undefined)
      throw new Problem('invalid', `${path} is packed with ${packing}, and cannot be followed.`, {
        pointer: '--follow',
        hint: 'only a plain file can be read while it grows: import this one when it is whole',
      });
    createCaptureReader({ frame: () => {} }).push(head);
  } finally {
    await file.close();
  }
}

/** The one file that is named; throws Problem for all that cannot be followed. */
async function findFollowed(words: readonly string[], format: string | undefined): Promise<string> {
  const refuse = (title: string, hint?: string): never => {
    throw new Problem('invalid', title, { pointer: '--follow', ...(hint !== undefined && { hint }) });
  };
  if (format !== undefined && format !== 'pcap' && format !== 'pcapng') refuse(`Only captures can be followed, not ${format}.`);
  const streams = 'a stream is followed by itself: leave --follow away';
  const [word = ''] = words;
  if (word === '-') refuse('Standard input cannot be followed.', streams);
  if ((await stat(word).catch(() => undefined))?.isDirectory())
    refuse(`${word} is a folder, and one file can be followed.`, 'name the file');
  const sources = await findSources(words);
  const [source] = sources;
  if (sources.length > 1) refuse(`One file can be followed, and these are ${sources.length}.`, 'start the command once for each file');
  if (source?.bytes_total === null) refuse(`${word} is a pipe or a device, and only a file can be followed.`, streams);
  return source?.path as string;
}
