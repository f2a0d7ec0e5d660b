/** The map itself: a canvas that is panned, zoomed, pointed at, and walked through with the arrows. */
import { useEffect, useRef } from 'preact/hooks';
import type { Atlas } from './atlas.ts';
import { openAtlas } from './open-atlas.ts';

interface Properties {
  readonly label: string;
  /** Called once, with what the rest of the page steers the map with. */
  onOpen(atlas: Atlas): void;
}

export function AddressMap({ label, onOpen }: Properties) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current === null) return undefined;
    const atlas = openAtlas(canvas.current);
    onOpen(atlas);
    return () => atlas.close();
  }, []);
  return (
    // biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: arrows walk on it, and a screen reader must leave them to it
    <canvas
      ref={canvas}
      class="map-canvas"
      tabIndex={0}
      role="application"
      aria-roledescription="map of addresses"
      aria-label={label}
      aria-describedby="map-keys"
    />
  );
}
