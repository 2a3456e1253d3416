/** JSON values, as parsed. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** A JSON merge patch (RFC 7396 section 2): members replace, objects merge, null removes. Neither argument is changed. */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  // Without a prototype: a member named __proto__ is a member like any other.
  const merged: { [name: string]: Json } = Object.assign(Object.create(null), isObject(target) ? target : {});
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = mergePatch(merged[name], value);
  }
  return merged;
}

const isObject = (value: Json | undefined): value is { [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
