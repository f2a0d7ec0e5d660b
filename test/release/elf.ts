/** What a 64-bit little-endian ELF executable asks of the machine that is to run it (System V ABI, "Object Files"). */
import { readFileSync } from 'node:fs';

export interface ElfNeeds {
  readonly machine: 'x86-64' | 'aarch64' | number;
  /** The dynamic loader. */
  readonly interpreter: string | undefined;
  readonly libraries: readonly string[];
  /** Symbol versions, as `GLIBC_2.17`. */
  readonly versions: readonly string[];
}

interface Section {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
}

const MACHINES: Readonly<Record<number, 'x86-64' | 'aarch64'>> = { 62: 'x86-64', 183: 'aarch64' };
const PT_INTERP = 3;
const SHT_DYNAMIC = 6;
const SHT_GNU_VERNEED = 0x6ffffffe;
const DT_NEEDED = 1n;

/** @throws Error where it is no such file */
export function elfNeeds(path: string): ElfNeeds {
  const file = readFileSync(path);
  if (file.toString('latin1', 0, 6) !== '\x7fELF\x02\x01')
    throw new Error(`${path} is no 64-bit little-endian ELF file`);
  const u64 = (at: number) => Number(file.readBigUInt64LE(at));
  const textAt = (at: number) => file.toString('latin1', at, file.indexOf(0, at));
  const headers = (start: number, sizeAt: number, countAt: number) =>
    Array.from({ length: file.readUInt16LE(countAt) }, (_, index) => start + index * file.readUInt16LE(sizeAt));
  const segments = headers(u64(32), 54, 56);
  const sections: Section[] = headers(u64(40), 58, 60).map((at) => ({
    type: file.readUInt32LE(at + 4),
    offset: u64(at + 24),
    size: u64(at + 32),
    link: file.readUInt32LE(at + 40),
    info: file.readUInt32LE(at + 44),
  }));
  const strings = (section: Section, index: number) => textAt((sections[section.link]?.offset ?? 0) + index);
  const interpreter = segments.find((at) => file.readUInt32LE(at) === PT_INTERP);
  const machine = file.readUInt16LE(18);
  return {
    machine: MACHINES[machine] ?? machine,
    interpreter: interpreter === undefined ? undefined : textAt(u64(interpreter + 8)),
    libraries: sections.filter(({ type }) => type === SHT_DYNAMIC).flatMap(needed),
    versions: sections.filter(({ type }) => type === SHT_GNU_VERNEED).flatMap(versionsIn),
  };

  function needed(section: Section): string[] {
    const entries = Array.from({ length: section.size / 16 }, (_, index) => section.offset + index * 16);
    return entries.filter((at) => file.readBigUInt64LE(at) === DT_NEEDED).map((at) => strings(section, u64(at + 8)));
  }

  function versionsIn(section: Section): string[] {
    const found: string[] = [];
    let library = section.offset;
    for (let left = section.info; left > 0; left--) {
      let version = library + file.readUInt32LE(library + 8);
      for (let more = file.readUInt16LE(library + 2); more > 0; more--) {
        found.push(strings(section, file.readUInt32LE(version + 8)));
        version += file.readUInt32LE(version + 12);
      }
      library += file.readUInt32LE(library + 12);
    }
    return found;
  }
}
