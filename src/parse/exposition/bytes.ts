/** The bytes that mean something in an exposition. */
export const tab = 9;
export const newline = 10;
export const space = 32;
export const quote = 34;
export const hash = 35;
export const comma = 44;
export const equals = 61;
export const backslash = 92;
export const braceOpen = 123;
export const braceClose = 125;
export const lessThan = 60;

function classOf(pattern: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (byte < 128 && pattern.test(String.fromCharCode(byte)) ? 1 : 0));
}

// The character classes of prometheus/prometheus model/textparse/promlex.l and openmetricslex.l: D, L, M.
const metricStart = classOf(/[a-zA-Z_:]/);
const metricPart = classOf(/[a-zA-Z0-9_:]/);
const labelStart = classOf(/[a-zA-Z_]/);
const labelPart = classOf(/[a-zA-Z0-9_]/);
/** What the inside of a quoted string has to stop for: quote, backslash, newline. */
const quotedStop = classOf(/["\\\n]/);

export const isMetricStart = (byte: number | undefined): boolean => metricStart[byte ?? 0] === 1;
export const isMetricPart = (byte: number | undefined): boolean => metricPart[byte ?? 0] === 1;
export const isLabelStart = (byte: number | undefined): boolean => labelStart[byte ?? 0] === 1;
export const isLabelPart = (byte: number | undefined): boolean => labelPart[byte ?? 0] === 1;
export const stopsQuoted = (byte: number | undefined): boolean => quotedStop[byte ?? 0] === 1;
export const isBlank = (byte: number | undefined): boolean => byte === space || byte === tab;
export const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 48 && byte <= 57;
