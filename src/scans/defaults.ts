import { Type } from 'typebox';
import { loadConfig } from '../core/config.ts';
import { type ScansConfig, scansSettings } from './config.ts';

/** The settings where nobody has set any. */
export const defaultsOf = (): ScansConfig => loadConfig(Type.Object({ scans: scansSettings }), {}).scans;
