/** Names of files that come from somewhere else: what may be made of them in a folder, and what may not. */

const mostDepth = 32;
const mostBytes = 255;

/**
 * Why a name cannot be taken; undefined where it can. It is one component or several with slashes between, Unicode NFC; none is empty, `.`
 * or `..`, has a backslash, a control character or more than 255 bytes, begins with a dash, ends like our own part files, or, unless
 * `allowsHidden`, begins with a dot.
 */
export function nameFault(name: string, { allowsHidden }: { allowsHidden: boolean }): string | undefined {
  const components = name.split('/');
  if (components.length > mostDepth) return `it is more than ${mostDepth} folders deep`;
  for (const component of components) {
    const fault = componentFault(component, allowsHidden);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function componentFault(component: string, allowsHidden: boolean): string | undefined {
  if (component === '') return 'a part of it is empty';
  if (component === '.' || component === '..') return 'it leads to another folder';
  // Half of a surrogate pair has no UTF-8 of its own: two names would become one.
  if (!component.isWellFormed() || component !== component.normalize('NFC')) return 'it is not in Unicode NFC';
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/.test(component))
    return 'it has characters that control a terminal';
  if (component.includes('\\')) return 'it has a backslash';
  if (Buffer.byteLength(component) > mostBytes) return `a part of it has more than ${mostBytes} bytes`;
  if (component.startsWith('-')) return 'it begins with a dash, like an option';
  if (component.startsWith('.') && !allowsHidden) return 'it begins with a dot';
  if (/\.part(\.json)?$/.test(component)) return 'it ends like a file that is not whole';
  return undefined;
}
