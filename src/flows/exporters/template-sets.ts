/** Reads the templates that a set announces. Hostile lengths end the reading; nothing is kept of a template that is cut. */
import type { Field, Template } from './template.ts';

/** Fields that a template may have. Real ones have up to some sixty; a datagram has room for 16,000 of four octets. */
export const mostFields = 1024;

/** What a set of templates held. */
export type TemplateSet = {
  readonly templates: Template[];
  /** Ids that were withdrawn (IPFIX only); 2 and 3 stand for all templates and all options templates. */
  readonly withdrawn: number[];
  /** Whether something in it was not whole, or had more fields than `mostFields`. */
  readonly isFaulty: boolean;
};

/** NetFlow v9: template FlowSet, RFC 3954 section 5.2. `at` and `end` are the octets of the set behind its header. */
export const readTemplates9 = (view: DataView, at: number, end: number): TemplateSet => {
  const set = newSet();
  while (end - at >= 4) {
    const id = view.getUint16(at);
    const count = view.getUint16(at + 2);
    if (id < 256) break; // padding
    at += 4;
    if (count === 0 || count > mostFields || at + count * 4 > end) return { ...set, isFaulty: true };
    set.templates.push({ id, isOptions: false, scope: 0, fields: readPlainFields(view, at, count) });
    at += count * 4;
  }
  return set;
};

/** NetFlow v9: options template FlowSet, RFC 3954 section 6.1. Lengths of scope and options are octets. */
export const readOptionsTemplates9 = (view: DataView, at: number, end: number): TemplateSet => {
  const set = newSet();
  while (end - at >= 6) {
    const id = view.getUint16(at);
    const scope = view.getUint16(at + 2) >> 2;
    const count = scope + (view.getUint16(at + 4) >> 2);
    if (id < 256) break; // padding
    at += 6;
    if (count === 0 || count > mostFields || at + count * 4 > end) return { ...set, isFaulty: true };
    // The types of scopes are a registry of their own (1 system, 2 interface, 3 line card ...): no elements.
    const fields = readPlainFields(view, at, count).map((field, index) =>
      index < scope ? { ...field, enterprise: scopeEnterprise } : field,
    );
    set.templates.push({ id, isOptions: true, scope, fields });
    at += count * 4;
  }
  return set;
};

/** IPFIX: template set (RFC 7011 section 3.4.1) and options template set (3.4.2). */
export const readTemplates10 = (view: DataView, at: number, end: number, isOptions: boolean): TemplateSet => {
  const set = newSet();
  while (end - at >= 4) {
    const id = view.getUint16(at);
    const count = view.getUint16(at + 2);
    if (id < 2 || (id > 3 && id < 256)) break; // padding
    at += 4;
    if (count === 0) {
      set.withdrawn.push(id);
      continue;
    }
    let scope = 0;
    if (isOptions) {
      if (end - at < 2) return { ...set, isFaulty: true };
      scope = view.getUint16(at);
      at += 2;
    }
    const fields = count > mostFields || scope > count ? undefined : readFields(view, at, end, count);
    if (id < 256 || fields === undefined) return { ...set, isFaulty: true };
    set.templates.push({ id, isOptions, scope, fields });
    for (const { enterprise } of fields) at += enterprise === 0 ? 4 : 8;
  }
  return set;
};

/** Stands for "no element": scopes of v9. Enterprise numbers have 32 bits, so no template can say it. */
export const scopeEnterprise = 2 ** 32;

const newSet = (): TemplateSet => ({ templates: [], withdrawn: [], isFaulty: false });

const readPlainFields = (view: DataView, at: number, count: number): Field[] =>
  Array.from({ length: count }, (_, index) => ({
    id: view.getUint16(at + index * 4),
    enterprise: 0,
    length: view.getUint16(at + index * 4 + 2),
  }));

/** Field specifiers (RFC 7011 section 3.2), or undefined where they are cut. */
const readFields = (view: DataView, at: number, end: number, count: number): Field[] | undefined => {
  const fields: Field[] = [];
  for (let index = 0; index < count; index++) {
    if (end - at < 4) return undefined;
    const id = view.getUint16(at);
    const length = view.getUint16(at + 2);
    at += 4;
    if (id < 0x8000) {
      fields.push({ id, enterprise: 0, length });
      continue;
    }
    if (end - at < 4) return undefined;
    fields.push({ id: id & 0x7fff, enterprise: view.getUint32(at), length });
    at += 4;
  }
  return fields;
};
