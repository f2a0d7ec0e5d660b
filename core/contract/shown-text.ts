/**
 * Escape sequences, line breaks and marks of direction in names, reasons and values, which whoever wrote them chose, would change what
 * else is shown: in a terminal, in a log, in a pod's events.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it is about
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** A line that can be shown. */
export const shownText = (text: string): string => text.replace(CONTROL, '·');

/** The same JSON, of which nothing but its own line breaks changes what is shown: it has the others in texts only. */
export const shownJson = (json: string): string =>
  json.replace(CONTROL, (one) => (one === '\n' ? one : `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`));
