import { Value } from 'typebox/value';
import { type ScansConfig, scansSettings } from './config.ts';

/** The settings where nobody has set any. */
export const defaultsOf = (): ScansConfig => Value.Create(scansSettings) as ScansConfig;
