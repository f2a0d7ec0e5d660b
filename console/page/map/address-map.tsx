/** The map itself: a canvas that is panned, zoomed, pointed at, and walked through with the arrows. */
import { useEffect, useId, useRef } from 'preact/hooks';
import type { Atlas } from './atlas.ts';
import { openAtlas } from './open-atlas.ts';

interface Properties {
  readonly label: string;
  /** It is looked at, and not steered. */
  readonly isStill?: boolean;
  /** Called once, with what the rest of the page steers the map with. */
  onOpen(atlas: Atlas): void;
}

export function AddressMap({ label, isStill = false, onOpen }: Properties) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const keys = useId();
  useEffect(() => {
    if (canvas.current === null) return undefined;
    const atlas = openAtlas(canvas.current, isStill);
    onOpen(atlas);
    return () => atlas.close();
  }, []);
  if (isStill) return <canvas ref={canvas} class="map-canvas is-still" role="img" aria-label={label} />;
  return (
    <>
      {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: arrows walk on it, and a screen reader must leave them to it */}
      <canvas
        ref={canvas}
        class="map-canvas"
        tabIndex={0}
        role="application"
        aria-roledescription="map of addresses"
        aria-label={label}
        aria-describedby={keys}
      />
      <p id={keys} class="visually-hidden">
        Arrows move, plus and minus zoom, zero shows all, Enter opens the address. What has the focus is read out.
      </p>
    </>
  );
}
