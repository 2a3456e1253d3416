/**
 * Templates and samplers on disk, so that what exporters announce every half hour is not waited for after a restart of
 * Weir. One JSON file, written anew beside the old one and put in its place; losing it costs no more than that wait.
 */
import { readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import type { Decoder } from './decoder.ts';
import type { Exporter } from './exporter.ts';
import { type DecoderLimits, decoderLimits, mostSamplers } from './limits.ts';
import type { Template } from './template.ts';
import { mostFields } from './template-sets.ts';

type KeptDomain = {
  version: number;
  id: number;
  rate: number;
  samplers: [number, number][];
  /** id, whether options, scope, when last seen, and id, enterprise, length of each field. */
  templates: [number, boolean, number, number, [number, number, number][]][];
};
type KeptExporter = { name: string; address: string; domains: KeptDomain[] };
type Kept = { version: 1; exporters: KeptExporter[] };

/** The state as text. */
export const describeTemplates = (exporters: Iterable<Exporter>): string => {
  const kept: Kept = { version: 1, exporters: [] };
  for (const exporter of exporters) {
    const domains: KeptDomain[] = [...exporter.domains.values()]
      .filter(({ templates, samplers }) => templates.size + samplers.size > 0)
      .map(({ version, id, rate, samplers, templates }) => ({
        version,
        id,
        rate,
        samplers: [...samplers],
        templates: [...templates.values()].map(({ plan: { template }, seenMs }) => [
          template.id,
          template.isOptions,
          template.scope,
          seenMs,
          template.fields.map((field) => [field.id, field.enterprise, field.length]),
        ]),
      }));
    if (domains.length > 0) kept.exporters.push({ name: exporter.name, address: new TextDecoder().decode(exporter.text), domains });
  }
  return JSON.stringify(kept);
};

/** Writes the file; whole or not at all. */
export const writeTemplates = async (path: string, text: string): Promise<void> => {
  const part = `${path}.part`;
  const file = await open(part, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(part, path);
};

/** Puts back what the file has; answers why not where it cannot be read. A missing file is nothing to tell. */
export const readTemplates = (path: string, decoder: Decoder, limits: DecoderLimits = decoderLimits): string | undefined => {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : (error as Error).message;
  }
  try {
    for (const exporter of (JSON.parse(text) as Kept).exporters) restoreExporter(exporter, decoder, limits);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};

const restoreExporter = ({ name, address, domains }: KeptExporter, decoder: Decoder, limits: DecoderLimits): void => {
  const exporter = decoder.exporter(String(name), String(address));
  for (const kept of domains) {
    const domain = exporter?.domain(kept.version, kept.id, limits.domains);
    if (domain === undefined) return;
    domain.rate = Number(kept.rate) || 0;
    for (const [id, rate] of kept.samplers.slice(0, mostSamplers)) domain.samplers.set(id, rate);
    for (const [id, isOptions, scope, seenMs, fields] of kept.templates) {
      if (!Array.isArray(fields) || fields.length > mostFields) continue;
      const template: Template = {
        id,
        isOptions,
        scope,
        fields: fields.map(([field, enterprise, length]) => ({ id: field, enterprise, length })),
      };
      decoder.restore(template, domain, seenMs);
    }
  }
};
