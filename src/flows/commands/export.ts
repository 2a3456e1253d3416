import { rmSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { type Command, Option } from 'commander';
import { wholeNumber, withExamples } from '../../cli/command.ts';
import { formatBytes, formatDuration } from '../../cli/format.ts';
import { onInterrupt } from '../../cli/interrupt.ts';
import { type Output, openOutput } from '../../cli/output.ts';
import { ProgressBar } from '../../cli/progress.ts';
import { Problem } from '../../core/problem.ts';
import type { ExportQuery, FlowsPort } from '../access.ts';
import { formatOfPath, type StreamFormat, streamFormatNames } from '../encode/format.ts';
import { withFlows } from './port.ts';
import { addSelection, type SelectionOptions, selectionOf } from './selection.ts';

type ExportOptions = SelectionOptions & {
  out?: string;
  format?: StreamFormat;
  fields?: string;
  order?: 'time' | '-time';
  limit?: number;
  json?: boolean;
  csv?: boolean;
};

/** Adds `weir flows export`. */
export function addExport(flows: Command): void {
  const command = addSelection(flows.command('export').description('write flows to a file or to standard output'))
    .option('-o, --out <file>', 'the file; its suffix tells the format')
    .addOption(new Option('--format <format>', 'the format, where no suffix tells it').choices(streamFormatNames))
    .option('--fields <names>', 'columns, separated by commas')
    .addOption(new Option('--order <order>', 'oldest or newest first').choices(['time', '-time']))
    .option('-n, --limit <count>', 'flows to write at most', wholeNumber(1))
    .action(exportFlows);
  withExamples(
    command,
    'weir flows export --out flows.parquet',
    'weir flows export --after 2024-05-01 --before 2024-05-02 --out may-1.csv proto tcp',
    'weir flows export --format ndjson | jq .src_comp',
  );
}

async function exportFlows(words: string[], _options: unknown, command: Command): Promise<void> {
  const options = command.optsWithGlobals<ExportOptions>();
  const { fields, order, limit, out } = options;
  const format = chooseFormat(options);
  const query: ExportQuery = {
    ...selectionOf(words, options),
    format,
    ...(fields !== undefined && { fields }),
    ...(order !== undefined && { order }),
    ...(limit !== undefined && { limit }),
  };
  const isBinary = format === 'parquet' || format === 'arrow';
  if (out === undefined && isBinary && process.stdout.isTTY) {
    throw new Problem('invalid', `${format} is binary and would garble the terminal`, { hint: `--out flows.${format}` });
  }
  const write = async (port: FlowsPort): Promise<void> => {
    const blocks = port.export(query);
    if (out === undefined) await pipeline(blocks, process.stdout, { end: false });
    else await writeFile(out, blocks, openOutput(command));
  };
  // One thread encodes, this one writes.
  await withFlows(command, write, { storePlace: 'thread' });
}

// --format wins, then the suffix of the file, then --csv; JSON is what the stream gives without being asked.
function chooseFormat({ format, out, csv }: ExportOptions): StreamFormat {
  if (format) return format;
  if (out === undefined) return csv ? 'csv' : 'json';
  const told = formatOfPath(out.replace(/\.jsonl$/, '.ndjson'));
  if (told) return told;
  throw new Problem('invalid', `the name ${out} does not tell a format`, { hint: `--format ${streamFormatNames.join('|')}` });
}

// The file appears under its name when it is whole: until then it is FILE.part, which goes away on any failure.
async function writeFile(path: string, blocks: AsyncIterable<Uint8Array>, output: Output): Promise<void> {
  const part = `${path}.part`;
  const bar = new ProgressBar({ label: path, quiet: output.quiet });
  let bytes = 0;
  const forget = onInterrupt(() => rmSync(part, { force: true }));
  try {
    const file = await open(part, 'w').catch((cause) => {
      throw new Problem('invalid', `${path} cannot be written`, { detail: (cause as Error).message, cause });
    });
    try {
      for await (const block of blocks) {
        await writeAll(file, block);
        bytes += block.byteLength;
        bar.update({ bytes, total: null });
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  } finally {
    bar.end();
    forget();
  }
  output.note(`${path}: ${formatBytes(bytes)} in ${formatDuration(bar.seconds)}`);
}

async function writeAll(file: Awaited<ReturnType<typeof open>>, block: Uint8Array): Promise<void> {
  let written = 0;
  while (written < block.byteLength) {
    const { bytesWritten } = await file.write(block, written);
    written += bytesWritten;
  }
}
