import { type Static, type TSchema, Type } from 'typebox';

/**
 * The leaves of a configuration schema. A leaf carries its default and the sentence that documents it; durations and
 * sizes are written with units (`"30s"`, `"1MiB"`) and are plain numbers (milliseconds, bytes) in the code.
 */
export type LeafOptions = { description: string; minimum?: number; maximum?: number };

/** How a leaf is written when its type alone does not say so; kept on the schema under this key. */
export const unitKey = 'x-unit';
export type SettingUnit = 'duration' | 'size';

/** A length of time: `"250ms"`, `"30s"`, `"5m"`, `"4h"`, `"90d"`. Milliseconds in the code. */
export function durationSetting(defaultMs: number, options: LeafOptions) {
  return Type.Number({ minimum: 0, ...options, default: defaultMs, [unitKey]: 'duration' });
}

/** An amount of bytes: `"512"`, `"64KiB"`, `"1MiB"`, `"2GB"`. Bytes in the code. */
export function sizeSetting(defaultBytes: number, options: LeafOptions) {
  return Type.Integer({ minimum: 0, ...options, default: defaultBytes, [unitKey]: 'size' });
}

/** Any text. */
export function textSetting(value: string, description: string) {
  return Type.String({ default: value, description });
}

/** One of a few words. */
export function choiceSetting<const Words extends readonly string[]>(words: Words, value: Words[number], description: string) {
  return Type.Union(
    words.map((word) => Type.Literal(word as Words[number])),
    { default: value, description },
  );
}

/** On or off. */
export function switchSetting(value: boolean, description: string) {
  return Type.Boolean({ default: value, description });
}

/** A whole number. */
export function integerSetting(value: number, options: LeafOptions) {
  return Type.Integer({ ...options, default: value });
}

/** A list of texts: a JSON array in the file, separated by commas in the environment and on the command line. */
export function listSetting(value: string[], description: string) {
  return Type.Array(Type.String(), { default: value, description });
}

/** True for a value that a leaf made by one of these takes. */
export function isFit(leaf: TSchema & Record<string, unknown>, value: unknown): boolean {
  const { type, anyOf, minimum, maximum } = leaf as { type?: string; anyOf?: { const: unknown }[]; minimum?: number; maximum?: number };
  if (anyOf !== undefined) return anyOf.some((word) => word.const === value);
  if (type === 'array') return Array.isArray(value) && value.every((item) => typeof item === 'string');
  if (type !== 'number' && type !== 'integer') return typeof value === type;
  const isNumber = type === 'integer' ? Number.isInteger(value) : Number.isFinite(value);
  return (
    isNumber && (value as number) >= (minimum ?? Number.NEGATIVE_INFINITY) && (value as number) <= (maximum ?? Number.POSITIVE_INFINITY)
  );
}

/** The configuration that a schema of settings describes. */
export type Settings<Schema extends TSchema> = Static<Schema>;
