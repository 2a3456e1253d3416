/** The text of a file of properties, as `java.util.Properties.load` reads it. Values with blanks at their ends keep the first ones only. */
export const propertiesText = (properties: Readonly<Record<string, string>>): string =>
  Object.entries(properties)
    .map(([key, value]) => `${escaped(key).replace(/[ :=#!]/g, '\\$&')}=${escaped(value).replace(/^ /, '\\ ')}\n`)
    .join('');

const short: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\f': '\\f' };

const escaped = (text: string): string =>
  text.replace(
    /[^\x20-\x7e]|\\/g,
    (unit) => short[unit] ?? [...units(unit)].map((code) => `\\u${code.toString(16).padStart(4, '0')}`).join(''),
  );

function* units(text: string): Generator<number> {
  for (let at = 0; at < text.length; at++) yield text.charCodeAt(at);
}
