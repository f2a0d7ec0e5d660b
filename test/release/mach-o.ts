/**
 * What a 64-bit little-endian Mach-O executable asks of macOS (Apple's <mach-o/loader.h>), and whether its code signature fits
 * what is in it (<kern/cs_blobs.h>): on Apple silicon nothing runs without one, be it ad hoc.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

export interface MachNeeds {
  readonly machine: 'x86-64' | 'arm64' | number;
  /** The oldest macOS: `13.0`. */
  readonly macos: string | undefined;
  readonly libraries: readonly string[];
  readonly signature: { readonly adHoc: boolean; readonly wrongPages: readonly number[] } | undefined;
}

const MACHINES: Readonly<Record<number, 'x86-64' | 'arm64'>> = { 16777223: 'x86-64', 16777228: 'arm64' };
const [MH_MAGIC_64, MH_EXECUTE] = [0xfeedfacf, 2];
const [LC_LOAD_DYLIB, LC_CODE_SIGNATURE, LC_VERSION_MIN_MACOSX, LC_BUILD_VERSION] = [0xc, 0x1d, 0x24, 0x32];
const [CSMAGIC_EMBEDDED_SIGNATURE, CSMAGIC_CODEDIRECTORY] = [0xfade0cc0, 0xfade0c02];
const CS_ADHOC = 2;
const HASHES: Readonly<Record<number, string>> = { 1: 'sha1', 2: 'sha256' };

/** @throws Error where it is no such file */
export function machNeeds(path: string): MachNeeds {
  const file = readFileSync(path);
  if (file.readUInt32LE(0) !== MH_MAGIC_64 || file.readUInt32LE(12) !== MH_EXECUTE)
    throw new Error(`${path} is no 64-bit Mach-O executable`);
  const commands: { kind: number; at: number }[] = [];
  for (let at = 32; commands.length < file.readUInt32LE(16); at += file.readUInt32LE(at + 4))
    commands.push({ kind: file.readUInt32LE(at), at });
  const first = (...kinds: number[]) => commands.find(({ kind }) => kinds.includes(kind));
  const version = first(LC_BUILD_VERSION, LC_VERSION_MIN_MACOSX);
  const signature = first(LC_CODE_SIGNATURE);
  const machine = file.readUInt32LE(4);
  return {
    machine: MACHINES[machine] ?? machine,
    macos: version && versionText(file.readUInt32LE(version.at + (version.kind === LC_BUILD_VERSION ? 12 : 8))),
    libraries: commands.filter(({ kind }) => kind === LC_LOAD_DYLIB).map(({ at }) => textAt(file, at, 8)),
    signature: signature && signatureAt(file, file.readUInt32LE(signature.at + 8)),
  };
}

/** `0xMMMMmmpp`. */
const versionText = (packed: number): string => `${packed >>> 16}.${(packed >>> 8) & 0xff}`;

/** @param offsetAt where the text's place in the command is written */
function textAt(file: Buffer, command: number, offsetAt: number): string {
  const from = command + file.readUInt32LE(command + offsetAt);
  return file.toString('latin1', from, file.indexOf(0, from));
}

/** Of its first directory of code. Unlike the rest of the file it is big-endian. */
function signatureAt(file: Buffer, at: number): MachNeeds['signature'] {
  if (file.readUInt32BE(at) !== CSMAGIC_EMBEDDED_SIGNATURE) return undefined;
  const blobs = Array.from(
    { length: file.readUInt32BE(at + 8) },
    (_, index) => at + file.readUInt32BE(at + 16 + 8 * index),
  );
  const code = blobs.find((blob) => file.readUInt32BE(blob) === CSMAGIC_CODEDIRECTORY);
  if (code === undefined) return undefined;
  const [hashes, slots, limit] = [16, 28, 32].map((field) => file.readUInt32BE(code + field)) as [
    number,
    number,
    number,
  ];
  const [size, kind, shift] = [36, 37, 39].map((field) => file.readUInt8(code + field)) as [number, number, number];
  const hash = HASHES[kind];
  if (hash === undefined) throw new Error(`a signature with hashes of kind ${kind} is not known here`);
  const page = 2 ** shift;
  const wrongPages = Array.from({ length: slots }, (_, index) => index).filter((index) => {
    const content = file.subarray(index * page, Math.min(limit, (index + 1) * page));
    const expected = file.subarray(code + hashes + index * size, code + hashes + (index + 1) * size);
    return !createHash(hash).update(content).digest().subarray(0, size).equals(expected);
  });
  const covered = slots === Math.ceil(limit / page) && limit === at;
  return { adHoc: (file.readUInt32BE(code + 12) & CS_ADHOC) !== 0, wrongPages: covered ? wrongPages : [-1] };
}
