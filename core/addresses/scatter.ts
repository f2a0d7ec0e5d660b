/** A number that spreads names over a space, the same one each time: 32 bits of FNV-1a over the text's UTF-8. */
export function scatter(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
