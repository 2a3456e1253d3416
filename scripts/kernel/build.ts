/**
 * Compiles the meter's kernel: its sources (src/flows/meter/kernel) to `kernel.wasm` beside them. A test keeps the two together.
 *
 *   node scripts/kernel/build.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import * as record from '../../src/flows/meter/flow-record.ts';
import * as constants from '../../src/flows/meter/kernel/constants.ts';
import * as layout from '../../src/flows/meter/kernel/layout.ts';
import { compile } from './compiler.ts';
import { writeModule } from './wasm-writer.ts';

const folder = new URL('../../src/flows/meter/kernel/', import.meta.url);

const parse = (name: string): ts.SourceFile =>
  ts.createSourceFile(name, readFileSync(new URL(name, folder), 'utf8'), ts.ScriptTarget.ESNext, true);

/** The module that the sources of now make. */
export const buildKernel = (): Uint8Array<ArrayBuffer> => {
  const known = { ...record, ...constants, ...layout };
  const mostPages = 65_536;
  return writeModule(compile(['scan.ts', 'begin.ts', 'end.ts', 'count.ts'].map(parse), known), mostPages);
};

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(new URL('kernel.wasm', folder), buildKernel());
