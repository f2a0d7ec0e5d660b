import { hex } from './hex.ts';

export const randomHex = (bytes: number): string => hex(crypto.getRandomValues(new Uint8Array(bytes)));
