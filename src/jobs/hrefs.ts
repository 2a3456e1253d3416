/**
 * Where the jobs are in the API. Apart from its shapes: commands need the paths alone, and the schema library would be most of their start.
 */
import { formatId } from './job-id.ts';

export const base = '/api/v1/jobs';
export const hrefOf = (id: number): string => `${base}/${formatId(id)}`;
