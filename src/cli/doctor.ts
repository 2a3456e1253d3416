import { styleText } from 'node:util';
import type { Command } from 'commander';
import { defaultDataFolder } from '../core/data-home.ts';
import { type GlobalOptions, withExamples } from './command.ts';
import type { Finding } from './finding.ts';
import { type Output, openOutput } from './output.ts';

/** Adds `weir doctor`, which exits 1 where an error was found. */
export function addCommands(program: Command): void {
  const command = program.command('doctor').description('check this machine and name the command that mends each finding').action(doctor);
  withExamples(command, 'weir doctor', 'weir doctor --data /var/lib/weir --server http://127.0.0.1:8080', 'weir doctor --json');
}

async function doctor(_options: unknown, command: Command): Promise<void> {
  const { server, data } = command.optsWithGlobals<GlobalOptions>();
  // Loaded when they run: HTTP and child processes cost help and completion some 20 ms.
  const { checkNode, checkOpenFiles, checkPrograms } = await import('./doctor-machine.ts');
  const { checkCapture } = await import('./doctor-capture.ts');
  const { checkCgroups, checkMail, checkPerl, checkSlurm } = await import('./doctor-jobs.ts');
  const { checkDataFolder, checkDisk, checkServer } = await import('./doctor-place.ts');
  const folder = data ?? defaultDataFolder();
  const place = [checkNode(), checkDataFolder(folder), checkDisk(folder), checkServer(server), checkOpenFiles()];
  const checks = [...place, checkPrograms(), checkCapture(), checkPerl(), checkCgroups(), checkMail(), checkSlurm()];
  const findings = (await Promise.all(checks)).flat();
  const ok = findings.every(({ level }) => level !== 'error');
  if (!ok) process.exitCode = 1;
  const output = openOutput(command);
  if (output.form === 'json') output.json({ ok, findings });
  else if (output.form === 'csv') output.rows(findings, [], ['level', 'code', 'text', 'fix']);
  else for (const finding of findings) show(finding, output);
}

const marks = { ok: ['ok', 'green'], warning: ['warning', 'yellow'], error: ['error', 'red'] } as const;

function show({ level, text, fix }: Finding, output: Output): void {
  if (level === 'ok' && output.quiet) return;
  const [word, color] = marks[level];
  const mark = word.padEnd(7);
  output.line(`${output.color ? styleText(color, mark, { validateStream: false }) : mark}  ${text}`);
  if (fix) output.line(`${' '.repeat(9)}fix: ${fix}`);
}
