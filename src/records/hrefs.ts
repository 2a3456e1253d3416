/**
 * Where the records are in the API. Apart from its shapes: commands need the paths alone, and the schema library would be most of their start.
 */

export const base = '/api/v1/records';

export const hrefOf = (collection: string, id?: number): string =>
  `${base}/${encodeURIComponent(collection)}${id === undefined ? '' : `/${id}`}`;
