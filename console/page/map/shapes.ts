/** Where on the square something lies: worked out once for each curve, since a map that is dragged is drawn many times. */
import { type Curve, type Rect, rectsOf, union } from '../space/curves.ts';

export interface MapShape {
  readonly rects: readonly Rect[];
  /** Of the parts the widest: from far off it stands for all of them. */
  readonly widest: Rect;
  /** Around all of them. */
  readonly bounds: Rect;
}

const NOWHERE: Rect = { x: 0, y: 0, width: 0, height: 0 };

const known = new WeakMap<Curve, WeakMap<object, MapShape>>();

export function shapeOf(curve: Curve, span: { readonly first: number; readonly last: number }): MapShape {
  const ofCurve = known.get(curve) ?? new WeakMap<object, MapShape>();
  known.set(curve, ofCurve);
  const found = ofCurve.get(span) ?? shaped(rectsOf(curve, span.first, span.last));
  ofCurve.set(span, found);
  return found;
}

const shaped = (rects: readonly Rect[]): MapShape => ({
  rects,
  widest: rects.reduce((one, other) => (other.width > one.width ? other : one), rects[0] ?? NOWHERE),
  bounds: rects.reduce(union, rects[0] ?? NOWHERE),
});

/** Of what is told apart in a list: made anew where the list, the curve or the scope is another one. */
export function keptFor<List extends object, Made>(
  make: (list: List, curve: Curve, scope: object) => Made,
): (list: List, curve: Curve, scope: object) => Made {
  const kept = new WeakMap<List, { readonly curve: Curve; readonly scope: object; readonly made: Made }>();
  return (list, curve, scope) => {
    const before = kept.get(list);
    if (before?.curve === curve && before.scope === scope) return before.made;
    const made = make(list, curve, scope);
    kept.set(list, { curve, scope, made });
    return made;
  };
}
