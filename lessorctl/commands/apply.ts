/** `lessorctl apply|diff|export`: pools in files, as GitOps wants them. */
import { textPart, verbatimPart } from '../print/view.ts';
import { command } from '../session/command.ts';
import { wrong } from '../settings/wrong.ts';
import { applyPools, findPools } from './apply-pools.ts';
import { changed, freeingOptions } from './change.ts';
import { readPools, writtenOf } from './pools-file.ts';
import { poolsOf } from './pools-of.ts';
import { vrfOptions, vrfsMeant } from './vrfs.ts';

const fileOptions = {
  file: {
    kind: 'value',
    value: 'FILE',
    short: 'f',
    several: true,
    help: 'YAML or JSON with pools; - is standard input',
  },
  prune: { kind: 'flag', help: 'delete the pools of these VRFs that are in no file' },
} as const;

const ABOUT = `A file has a list, "pools", each as the API takes it (docs/pools.md has the fields), and "state: draining" where it is to
be drained. It says all of a pool: what is left out has its default.`;

const filesOf = (files: readonly string[]): readonly string[] => {
  if (files.length === 0) throw wrong('no file is given', 'give -f FILE');
  return files;
};

export const apply = command({
  about: `${ABOUT} Nothing is deleted without --prune. What is refused ends it; the same command goes on.`,
  arguments: {},
  options: { ...fileOptions, ...freeingOptions },
  examples: [
    { line: 'apply -f pools.yaml --dry-run', does: 'See what would be changed' },
    { line: 'apply -f pools.yaml', does: 'Create and change pools' },
    { line: 'apply -f pools.yaml --prune', does: 'Delete those too that are not in the file' },
  ],
  async run({ file, prune, 'dry-run': dryRun, yes }, session) {
    const pools = await readPools(filesOf(file), (await session.target()).vrf, session.shell);
    const { known, surplus } = await findPools(session, pools);
    const removing = prune ? surplus : [];
    return changed(session, {
      dryRun,
      ...(removing.length > 0 ? { asks: { question: 'Do this?', yes } } : {}),
      names: pools.map(({ name }) => name),
      send: (dry) => applyPools(session, pools, { known, removing }, dry),
      documentOf: (applied) => ({
        dryRun,
        pools: applied.pools,
        ...(applied.warnings ? { warnings: applied.warnings } : {}),
      }),
    });
  },
});

/** As `kubectl diff` and `diff` have it. */
const DIFFERS = 1;

export const diff = command({
  about: `${ABOUT} It changes nothing. The exit code is 0 where nothing differs, 1 where something does, and more where it is wrong.`,
  arguments: {},
  options: fileOptions,
  examples: [{ line: 'diff -f pools.yaml', does: 'How the pools differ from a file' }],
  async run({ file, prune }, session) {
    const pools = await readPools(filesOf(file), (await session.target()).vrf, session.shell);
    const { known, surplus } = await findPools(session, pools);
    const applied = await applyPools(session, pools, { known, removing: prune ? surplus : [] }, true);
    const differing = applied.pools.filter(({ action }) => action !== 'unchanged');
    return {
      document: { pools: applied.pools },
      names: differing.map(({ name }) => name),
      view: () => [
        textPart(
          differing.length === 0 ? 'Nothing differs.' : applied.effects.map((effect) => `- ${effect}`).join('\n'),
        ),
      ],
      exitCode: differing.length === 0 ? 0 : DIFFERS,
    };
  },
});

export const exported = command({
  about: `As YAML (or JSON) that apply takes: a round trip changes nothing. Pools that are being deleted are left out.`,
  arguments: { pool: { help: 'the pools', optional: true, several: true, kind: 'pool' } },
  options: vrfOptions,
  examples: [
    { line: 'export > pools.yaml', does: 'Keep all pools of a VRF in a file' },
    { line: 'export -A > all.yaml', does: 'Those of all VRFs' },
  ],
  async run({ pool: named, 'all-vrfs': everywhere }, session) {
    if (everywhere && named.length > 0) throw wrong('pools are named, and --all-vrfs is given', 'give one of the two');
    const all = await poolsOf(session, await vrfsMeant(session, everywhere));
    const { vrf } = await session.target();
    const missing = named.find((name) => !all.some((pool) => pool.name === name));
    if (missing !== undefined) throw wrong(`VRF ${vrf} has no pool ${missing}`, 'see lessorctl pools');
    const meant = all.filter(({ name, state }) => state !== 'closing' && (named.length === 0 || named.includes(name)));
    const document = { pools: meant.map(writtenOf) };
    const { stringify } = await import('yaml');
    return {
      document,
      names: meant.map(({ name }) => name),
      view: () => [verbatimPart(stringify(document, { lineWidth: 0 }).trimEnd())],
    };
  },
});
