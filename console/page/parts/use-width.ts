/** How wide a part of the page is: what is drawn into it keeps its letters' size. */
import type { RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

export function useWidth<E extends Element>(): readonly [RefObject<E | null>, number] {
  const frame = useRef<E>(null);
  const [width, setWidth] = useState(600);
  useLayoutEffect(() => {
    const { current } = frame;
    if (current === null) return undefined;
    const measure = () => setWidth(Math.max(200, current.clientWidth));
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(current);
    return () => watch.disconnect();
  }, []);
  return [frame, width];
}
