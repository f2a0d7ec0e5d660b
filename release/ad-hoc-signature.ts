/**
 * Signs a Mach-O executable ad hoc: with hashes of what is in it, and nobody's name (<mach-o/loader.h>, <kern/cs_blobs.h>).
 * bun 1.4.5 does so for arm64. For x64 it leaves its own signature in it, which does not fit what was added, and macOS kills such
 * a process.
 */
import { createHash } from 'node:crypto';

const [LC_SEGMENT_64, LC_CODE_SIGNATURE] = [0x19, 0x1d];
const [CSMAGIC_EMBEDDED_SIGNATURE, CSMAGIC_CODEDIRECTORY] = [0xfade0cc0, 0xfade0c02];
const VERSION = 0x20400;
/** Ad hoc; by a linker, so that codesign replaces it without being forced to. */
const FLAGS = 0x20002;
const SHA256 = { kind: 2, size: 32 };
const PAGE_BITS = 12;
const PAGE = 2 ** PAGE_BITS;
const [SUPER_BLOB, CODE_DIRECTORY] = [20, 88];
const MAIN_BINARY = 1n;

/** @throws Error where the executable has no signature that could be replaced */
export function signedAdHoc(executable: Buffer, identifier: string): Buffer {
  const signature = commandOf(executable, (kind) => kind === LC_CODE_SIGNATURE);
  const segment = (name: string) =>
    commandOf(executable, (kind, at) => kind === LC_SEGMENT_64 && nameAt(executable, at) === name);
  const [text, linkEdit] = [segment('__TEXT'), segment('__LINKEDIT')];
  const from = executable.readUInt32LE(signature + 8);
  const code = Buffer.from(executable.subarray(0, from));
  const name = Buffer.from(`${identifier}\0`);
  const pages = Math.ceil(from / PAGE);
  const size = SUPER_BLOB + CODE_DIRECTORY + name.length + pages * SHA256.size;
  // The commands are part of what is hashed.
  code.writeUInt32LE(size, signature + 12);
  const linked = BigInt(from + size) - code.readBigUInt64LE(linkEdit + 40);
  code.writeBigUInt64LE(linked, linkEdit + 48);
  code.writeBigUInt64LE(BigInt(Math.ceil(Number(linked) / PAGE) * PAGE), linkEdit + 32);
  const executed = [text + 40, text + 48].map((field) => code.readBigUInt64LE(field)) as [bigint, bigint];
  return Buffer.concat([code, headOf(size, name, pages, from, executed), name, ...hashesOf(code)]);
}

function commandOf(file: Buffer, isMeant: (kind: number, at: number) => boolean): number {
  let at = 32;
  for (let left = file.readUInt32LE(16); left > 0; left--) {
    if (isMeant(file.readUInt32LE(at), at)) return at;
    at += file.readUInt32LE(at + 4);
  }
  throw new Error('the Mach-O executable has no signature, or not the segments that one needs');
}

const nameAt = (file: Buffer, command: number): string =>
  file.toString('latin1', command + 8, command + 24).replace(/\0+$/, '');

/** Unlike the rest of the file it is big-endian. @param executed where the segment of code begins, and its size */
function headOf(size: number, name: Buffer, pages: number, limit: number, executed: readonly [bigint, bigint]): Buffer {
  const head = Buffer.alloc(SUPER_BLOB + CODE_DIRECTORY);
  const numbers = (from: number, ...values: number[]) => {
    for (const [index, value] of values.entries()) head.writeUInt32BE(value, from + 4 * index);
  };
  // One blob, of kind 0: a directory of code.
  numbers(0, CSMAGIC_EMBEDDED_SIGNATURE, size, 1, 0, SUPER_BLOB);
  const hashes = CODE_DIRECTORY + name.length;
  numbers(
    SUPER_BLOB,
    CSMAGIC_CODEDIRECTORY,
    size - SUPER_BLOB,
    VERSION,
    FLAGS,
    hashes,
    CODE_DIRECTORY,
    0,
    pages,
    limit,
  );
  head.set([SHA256.size, SHA256.kind, 0, PAGE_BITS], SUPER_BLOB + 36);
  for (const [index, value] of [...executed, MAIN_BINARY].entries())
    head.writeBigUInt64BE(value, SUPER_BLOB + 64 + 8 * index);
  return head;
}

const hashesOf = (code: Buffer): Buffer[] =>
  Array.from({ length: Math.ceil(code.length / PAGE) }, (_, page) =>
    createHash('sha256')
      .update(code.subarray(page * PAGE, (page + 1) * PAGE))
      .digest(),
  );
