/** Opens a map on a canvas: what makes it draw, and ask for what is on the screen. */
import { computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import type { LeaseRow } from '../../../core/contract/lease.ts';
import { blockUses, wantBlockUse } from '../fleet/block-use.ts';
import { heldOf, poolNamed, shareOf, vrf } from '../fleet/fleet.ts';
import { leasesIn, leasesRead, wantLeases } from '../fleet/leases.ts';
import { type Curve, hilbert, union } from '../space/curves.ts';
import type { Atlas, Pointed, Pointer } from './atlas.ts';
import { type Colours, fillsOf, readColours } from './colours.ts';
import { described } from './describe.ts';
import { steer } from './gestures.ts';
import { paint } from './paint.ts';
import type { Planned } from './planned.ts';
import type { Scene, Wanted } from './scene.ts';
import { ipv4Scope, type Scope } from './scope.ts';
import { shapeOf } from './shapes.ts';
import { ADDRESSES_FROM, fitted, type Size, type View } from './view.ts';

/** Milliseconds: what is on the screen is looked at again. */
const AGAIN = 5_000;
/** Milliseconds that a view has to stay before it is asked what is there. */
const REST = 120;

/** The view outlives the page that shows it: whoever comes back finds it as it was. */
const kept = new Map<string, View>();
vrf.subscribe(() => kept.clear());

/** @param isStill it is not steered */
export function openAtlas(canvas: HTMLCanvasElement, isStill: boolean): Atlas {
  const context = canvas.getContext('2d', { alpha: false });
  if (context === null) throw new Error('this browser draws nothing');
  const state = {
    scope: signal<Scope>(ipv4Scope([])),
    curve: signal<Curve>(hilbert),
    colourOf: signal<((row: LeaseRow) => string) | undefined>(undefined),
    view: signal<View>({ scale: 0.01, x: 0, y: 0 }),
    focus: signal<number | undefined>(undefined),
    planned: signal<readonly Planned[]>([]),
    pointer: signal<Pointer | undefined>(undefined),
    size: signal<Size>({ width: 0, height: 0 }),
    colours: signal<Colours>(readColours(canvas)),
    wanted: signal<Wanted>({ byBlock: [], blocks: new Map() }),
  };
  const fits = signal(true);
  const look = (view: View) => {
    fits.value = false;
    state.view.value = view;
  };
  const atlas: Atlas = {
    ...state,
    isNear: computed(() => state.view.value.scale >= ADDRESSES_FROM),
    look,
    fit() {
      fits.value = true;
    },
    showAll(spans) {
      const rects = spans.map((span) => shapeOf(state.curve.value, span).bounds);
      const isOne = spans.length === 1 && spans[0]?.first === spans[0]?.last;
      if (rects.length > 0) look(fitted(rects.reduce(union), state.size.value, isOne ? 28 : 18));
    },
    pointed: computed((): Pointed | undefined => {
      // What is read meanwhile is told without a move of the pointer.
      void leasesRead.value;
      const at = state.pointer.value;
      const found = at && described(state.scope.value, at.index, leasesIn);
      return at && found && { ...at, ...found };
    }),
    describe: (index) => described(state.scope.value, index, leasesIn),
    close,
  };
  const endings = [
    fitting(atlas, fits),
    drawing(canvas, context, atlas),
    asking(atlas),
    measuring(canvas, atlas),
    isStill ? () => undefined : steer(canvas, atlas),
  ];
  function close(): void {
    for (const end of endings) end();
    if (fits.value) kept.delete(state.scope.value.key);
    else kept.set(state.scope.value.key, state.view.value);
  }
  return atlas;
}

/** All of it, as long as the person goes nowhere. */
const fitting = ({ size, scope, curve, view }: Atlas, fits: ReadonlySignal<boolean>) =>
  effect(() => {
    if (!fits.value || size.value.width === 0 || scope.value.areas.length === 0) return;
    const all = scope.value.areas.map((area) => shapeOf(curve.value, area).bounds);
    view.value = fitted(all.reduce(union), size.value, 12);
  });

/** What was seen there before, or all of it. */
export function comeBack(atlas: Atlas): void {
  const before = kept.get(atlas.scope.value.key);
  if (before === undefined) atlas.fit();
  else atlas.look(before);
}

function drawing(canvas: HTMLCanvasElement, context: CanvasRenderingContext2D, atlas: Atlas): () => void {
  let frame = 0;
  const draw = () => {
    frame = 0;
    const { width, height } = atlas.size.value;
    const ratio = devicePixelRatio;
    const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== across) canvas.width = across;
    if (canvas.height !== down) canvas.height = down;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    atlas.wanted.value = paint(context, sceneOf(atlas));
  };
  const end = effect(() => {
    // Named, so that each of them makes it draw.
    void [
      atlas.scope,
      atlas.curve,
      atlas.colourOf,
      atlas.view,
      atlas.focus,
      atlas.planned,
      atlas.size,
      atlas.colours,
    ].map((one) => one.value);
    void [heldOf, blockUses, leasesRead].map((one) => one.value);
    if (frame === 0) frame = requestAnimationFrame(draw);
  });
  return () => {
    end();
    cancelAnimationFrame(frame);
  };
}

const sceneOf = (atlas: Atlas): Scene => ({
  view: atlas.view.value,
  size: atlas.size.value,
  curve: atlas.curve.value,
  scope: atlas.scope.value,
  colours: atlas.colours.value,
  colourOf: atlas.colourOf.value,
  focus: atlas.focus.value,
  planned: atlas.planned.value,
  leasesIn,
  shareOf,
  blockUses: (pool) => blockUses.value.get(pool),
  fillOf: fillsOf(atlas.colours.value),
});

/** Asks for what is on the screen, once it stays there; and again after a while. */
function asking({ wanted }: Atlas): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = () => {
    const { byBlock, blocks } = wanted.value;
    if (!document.hidden) {
      for (const pool of byBlock) wantBlockUse(pool, poolNamed.value.get(pool)?.pool.openBlocks ?? '0');
      for (const [pool, stretches] of blocks) wantLeases(pool, stretches);
    }
    timer = setTimeout(look, AGAIN);
  };
  const end = effect(() => {
    void wanted.value;
    clearTimeout(timer);
    timer = setTimeout(look, REST);
  });
  return () => {
    end();
    clearTimeout(timer);
  };
}

function measuring(canvas: HTMLCanvasElement, { size, colours }: Atlas): () => void {
  const resized = new ResizeObserver(() => {
    const { clientWidth: width, clientHeight: height } = canvas;
    if (width !== size.value.width || height !== size.value.height) size.value = { width, height };
  });
  resized.observe(canvas);
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  const repaint = () => {
    colours.value = readColours(canvas);
  };
  scheme.addEventListener('change', repaint);
  document.fonts.ready.then(repaint);
  return () => {
    resized.disconnect();
    scheme.removeEventListener('change', repaint);
  };
}
