/** The formats of the flow stream: their words, media types and file suffixes. */

/** A format, as `format=` has it. */
export type StreamFormat = 'json' | 'ndjson' | 'xml' | 'csv' | 'arrow' | 'parquet';

/** What clients see of a format. `contentType` is the media type with its parameters. */
export type FormatEntry = { readonly mediaType: string; readonly contentType: string; readonly suffix: string };

const entry = (mediaType: string, suffix: string, contentType = mediaType): FormatEntry => ({ mediaType, contentType, suffix });

/** All formats; the first is the default. `header=present` of CSV turns to `absent` where the header line is left out. */
export const streamFormats: Readonly<Record<StreamFormat, FormatEntry>> = {
  json: entry('application/json', '.json'),
  ndjson: entry('application/x-ndjson', '.ndjson'),
  xml: entry('application/xml', '.xml'),
  csv: entry('text/csv', '.csv', 'text/csv; charset=utf-8; header=present'),
  arrow: entry('application/vnd.apache.arrow.stream', '.arrow'),
  parquet: entry('application/vnd.apache.parquet', '.parquet'),
};

/** The words of all formats, the default first. */
export const streamFormatNames = Object.keys(streamFormats) as StreamFormat[];

/** The format of a media type (without parameters, any case), or undefined. */
export const formatOfMediaType = (mediaType: string): StreamFormat | undefined =>
  streamFormatNames.find((name) => streamFormats[name].mediaType === mediaType.toLowerCase());

/** The format that the end of a file name or path tells, or undefined. */
export const formatOfPath = (path: string): StreamFormat | undefined =>
  streamFormatNames.find((name) => path.toLowerCase().endsWith(streamFormats[name].suffix));
