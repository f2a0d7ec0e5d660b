/** The colours of the map, as the style sheet has them: those of Okabe and Ito, which the colour-blind tell apart. */

export interface Colours {
  readonly ground: string;
  readonly line: string;
  readonly ink: string;
  readonly quiet: string;
  readonly free: string;
  readonly border: string;
  readonly held: string;
  readonly cooling: string;
  readonly reserved: string;
  readonly excluded: string;
  readonly focus: string;
  readonly hues: readonly string[];
  readonly ages: readonly string[];
}

export function readColours(of: Element): Colours {
  const style = getComputedStyle(of);
  const named = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const several = (name: string, count: number) =>
    Array.from({ length: count }, (_, index) => named(`${name}-${index}`));
  return {
    ground: named('map-ground'),
    line: named('map-line'),
    ink: named('ink'),
    quiet: named('ink-quiet'),
    free: named('free'),
    border: named('map-border'),
    held: named('held'),
    cooling: named('cooling'),
    reserved: named('reserved'),
    excluded: named('excluded'),
    focus: named('focus'),
    hues: several('hue', 8),
    ages: several('age', 5),
  };
}

/** `#rrggbb` both. */
function mixed(from: string, to: string, share: number): string {
  const part = (text: string, at: number) => Number.parseInt(text.slice(at, at + 2), 16);
  const one = (at: number) => Math.round(part(from, at) + (part(to, at) - part(from, at)) * share);
  return `rgb(${one(1)} ${one(3)} ${one(5)})`;
}

const SHADES = 64;
/** A little is seen as such: half of it is at a third of the scale. */
const tint = (share: number): number => 0.06 + 0.94 * Math.min(1, share) ** 0.85;

const shades = new WeakMap<Colours, (share: number) => string>();

/** The colours of what is so full, from 0 to 1. */
export function fillsOf(colours: Colours): (share: number) => string {
  const known = shades.get(colours);
  if (known !== undefined) return known;
  const { free, held } = colours;
  const made = Array.from({ length: SHADES + 1 }, (_, n) => mixed(free, held, tint(n / SHADES)));
  const fill = (share: number) => made[Math.ceil(Math.min(1, share) * SHADES)] ?? held;
  shades.set(colours, fill);
  return fill;
}

const patterns = new Map<string, CanvasPattern>();

/** Lines, or dots: whoever sees no colour sees these. */
export function pattern(
  context: CanvasRenderingContext2D,
  kind: 'lines' | 'dots',
  ink: string,
  ground: string,
): CanvasPattern | string {
  const key = `${kind} ${ink} ${ground}`;
  const known = patterns.get(key);
  if (known !== undefined) return known;
  const tile = document.createElement('canvas');
  [tile.width, tile.height] = [8, 8];
  const on = tile.getContext('2d');
  if (on === null) return ground;
  on.fillStyle = ground;
  on.fillRect(0, 0, 8, 8);
  on.strokeStyle = ink;
  on.fillStyle = ink;
  on.lineWidth = 1.4;
  if (kind === 'lines') {
    for (const shift of [-8, 0, 8]) {
      on.beginPath();
      on.moveTo(shift, 8);
      on.lineTo(shift + 8, 0);
      on.stroke();
    }
  } else {
    on.beginPath();
    on.arc(4, 4, 1.5, 0, Math.PI * 2);
    on.fill();
  }
  const made = context.createPattern(tile, 'repeat');
  if (made !== null) patterns.set(key, made);
  return made ?? ground;
}

/** Hours after which a lease is as old as the next colour says. */
const AGES = [1, 24, 24 * 7, 24 * 30] as const;
export const AGE_NAMES = ['< 1 hour', '< 1 day', '< 1 week', '< 30 days', 'older'] as const;

export const ageOf = (since: string, now: number): number => {
  const hours = (now - Date.parse(since)) / 3_600_000;
  const at = AGES.findIndex((end) => hours < end);
  return at === -1 ? AGES.length : at;
};
