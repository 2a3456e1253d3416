/** The process of a command: its words to the program, and the exit code back. */
import { argv } from 'node:process';

const words = argv.slice(2);
const isImport = words[0] === 'import';
// Before all else, the program too: until that is loaded another core has nothing to do.
if (isImport) (await import('./flows/import/read-start.ts')).startReaderEarly(words);
const { run } = await import('./program.ts');
process.exitCode = await run(words);
// An import has threads and memory whose orderly end takes a hundredth of a second more, and nothing is left to be done.
if (isImport) process.exit();
