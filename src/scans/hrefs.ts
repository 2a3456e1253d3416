/**
 * Where the scans are in the API. Apart from its shapes: commands need the paths alone, and the schema library would be most of their start.
 */

export const base = '/api/v1/scans';
export const hrefOf = (id: number): string => `${base}/${id}`;
export const scheduleHref = (id: string): string => `${base}/schedules/${id}`;
