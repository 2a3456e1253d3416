/** Where the sockets are over HTTP. */
export const base = '/api/v1/sockets';
export const hrefOf = (name: string): string => `${base}/${encodeURIComponent(name)}`;
