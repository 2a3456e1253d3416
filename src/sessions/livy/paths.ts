/**
 * The path that one of Livy's means, where a server is taken for Livy's own: `/` and `/version` are its, not the house's. Everything
 * else is where it always is.
 */
export function livyPathOf(url: string): string {
  const at = url.indexOf('?');
  const path = at === -1 ? url : url.slice(0, at);
  if (path === '/') return '/ui';
  return path === '/version' || path === '/version/' ? `/livy${url}` : url;
}
