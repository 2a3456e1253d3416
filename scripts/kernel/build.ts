/**
 * Compiles the kernels, that of the meter (src/flows/meter/kernel), that of LANL files (src/flows/import/lanl-kernel) and that of values in
 * sealed files (src/flows/encode/kernel): their sources to `kernel.wasm` beside them. Tests keep the two together.
 *
 *   node scripts/kernel/build.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import * as codingLayout from '../../src/flows/import/lanl-kernel/coding-layout.ts';
import * as lanlLayout from '../../src/flows/import/lanl-kernel/layout.ts';
import * as record from '../../src/flows/meter/flow-record.ts';
import * as constants from '../../src/flows/meter/kernel/constants.ts';
import * as layout from '../../src/flows/meter/kernel/layout.ts';
import { type Constants, compile } from './compiler.ts';
import { writeModule } from './wasm-writer.ts';

const meterFolder = new URL('../../src/flows/meter/kernel/', import.meta.url);
const lanlFolder = new URL('../../src/flows/import/lanl-kernel/', import.meta.url);
const valueFolder = new URL('../../src/flows/encode/kernel/', import.meta.url);
const mostPages = 65_536;

const parse = (path: URL): ts.SourceFile =>
  ts.createSourceFile(fileURLToPath(path), readFileSync(path, 'utf8'), ts.ScriptTarget.ESNext, true);

const build = (folder: URL, names: readonly string[], known: Constants, isShared = true): Uint8Array<ArrayBuffer> =>
  writeModule(
    compile(
      names.map((name) => parse(new URL(name, folder))),
      known,
    ),
    { isShared, mostPages },
  );

/** The modules that the sources of now make. */
export const buildKernel = () =>
  build(meterFolder, ['scan.ts', 'begin.ts', 'end.ts', 'expire.ts', 'count.ts', 'columns.ts', 'numbers.ts', 'order.ts', 'names.ts'], {
    ...record,
    ...constants,
    ...layout,
  });
export const buildLanlKernel = () =>
  build(lanlFolder, ['read-numbers.ts', 'read-texts.ts', 'read-lines.ts', 'code-values.ts', 'write-pages.ts', 'pack-texts.ts'], {
    ...lanlLayout,
    ...codingLayout,
  });
export const buildValueKernel = () => build(valueFolder, ['read-values.ts'], {}, false);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('kernel.wasm', meterFolder), buildKernel());
  writeFileSync(new URL('kernel.wasm', lanlFolder), buildLanlKernel());
  writeFileSync(new URL('kernel.wasm', valueFolder), buildValueKernel());
}
