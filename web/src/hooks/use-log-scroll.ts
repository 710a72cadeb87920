/**
 * Binds the anchor of a list (log-scroll.ts) to an element that scrolls. Where a pixel of the scroll bar is a pixel of lines the
 * browser scrolls; else wheel and keys move the anchor by pixels, the scroll bar says where to go, and a finger does either.
 */
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { type Anchor, anchorAt, isExact, type Row, rowHeight, rowsOf, settle, spaceOf, topOf } from '../log-scroll.ts';

const farViews = 3;
const edgePx = 2;

type Options = { total: number; wrap: boolean };

export function useLogScroll({ total, wrap }: Options) {
  const [scroller, setScroller] = useState<HTMLElement | null>(null);
  const rows = useRef<HTMLOListElement>(null);
  const view = useHeight(scroller);
  const [anchor, setAnchor] = useState<Anchor>('end');
  const geometry = { total, view, wrap };
  const range = rowsOf(anchor, geometry);
  /** `place`: the scroll bar has to follow the anchor; not while it is what a person holds. */
  const now = useRef({
    geometry,
    anchor,
    settled: settle(anchor, [], geometry),
    place: true,
    ownTop: 0,
    byTouch: false,
  });

  useLayoutEffect(() => {
    if (!scroller || !rows.current || view === 0) return;
    const { place } = now.current;
    const settled = settle(anchor, wrap ? measure(rows.current) : count(range), geometry);
    rows.current.style.transform = `translateY(${settled.shift}px)`;
    Object.assign(now.current, { geometry, anchor, settled });
    if (place || anchor === 'end') placeBar(scroller, now.current);
  });

  const go = useCallback((next: Anchor, place = true) => {
    now.current.place = place;
    setAnchor(next);
  }, []);
  useScrolling(scroller, now.current, go);
  return {
    scroller: setScroller,
    rows,
    range,
    view,
    space: spaceOf(geometry),
    follow: anchor === 'end',
    show: (position: number, where: 'top' | 'middle' = 'middle') => {
      if (where === 'top') go({ position, y: 0 });
      else if (isInView(rows.current, position, view)) go(now.current.settled.anchor);
      else go({ position, y: Math.max(0, (view - rowHeight) / 2) });
    },
    toEnd: () => go('end'),
    /** Stays where it is while lines come. */
    hold: () => go(now.current.settled.anchor),
    /** The row at the top of the view. */
    first: () => {
      const { anchor: top } = now.current.settled;
      return top === 'end' ? Math.max(0, total - 1) : top.position;
    },
  };
}

export type LogScroll = ReturnType<typeof useLogScroll>;
type Now = {
  geometry: { total: number; view: number; wrap: boolean };
  anchor: Anchor;
  settled: ReturnType<typeof settle>;
  place: boolean;
  ownTop: number;
  byTouch: boolean;
};

function placeBar(scroller: HTMLElement, now: Now): void {
  const top = topOf(now.anchor === 'end' ? 'end' : now.settled.anchor, now.geometry);
  // Asking where it is makes the browser lay everything out.
  if (Math.abs(now.ownTop - top) < 1) return;
  scroller.scrollTop = top;
  now.ownTop = scroller.scrollTop;
}

/** What a person does with wheel, keys, finger and scroll bar. */
function useScrolling(scroller: HTMLElement | null, now: Now, go: (next: Anchor, place?: boolean) => void): void {
  useEffect(() => {
    if (!scroller) return;
    const moveBy = (pixels: number, place: boolean) => {
      const { anchor, isAtEnd } = now.settled;
      if (pixels > 0 && isAtEnd) go('end');
      else if (anchor !== 'end') flushSync(() => go({ position: anchor.position, y: anchor.y - pixels }, place));
    };
    const onScroll = () => {
      const top = scroller.scrollTop;
      const by = top - now.ownTop;
      if (Math.abs(by) < 1) return;
      now.ownTop = top;
      const isNear = Math.abs(by) < farViews * now.geometry.view;
      if (!now.byTouch || !isNear || isExact(now.geometry))
        return flushSync(() => go(anchorAt(top, now.geometry), false));
      // The end of the scroll bar is not the end of the lines: there must be room to go on.
      const isAtEdge = top < edgePx || top > spaceOf(now.geometry) - now.geometry.view - edgePx;
      moveBy(by, isAtEdge);
    };
    const onWheel = (event: WheelEvent) => {
      now.byTouch = false;
      if (event.ctrlKey || event.shiftKey || Math.abs(event.deltaY) < Math.abs(event.deltaX)) return;
      if (isExact(now.geometry)) {
        // New lines must not pull it back to the end before the browser has scrolled.
        if (event.deltaY < 0 && now.anchor === 'end') go(now.settled.anchor, false);
        return;
      }
      event.preventDefault();
      moveBy(event.deltaY * ([1, rowHeight, now.geometry.view][event.deltaMode] ?? 1), true);
    };
    const onKey = (event: KeyboardEvent) => {
      now.byTouch = false;
      if (event.target !== scroller || event.ctrlKey || event.metaKey || event.altKey) return;
      const to = keyTarget(event, now.geometry.view);
      if (to === undefined || (isExact(now.geometry) && typeof to === 'number')) return;
      event.preventDefault();
      if (typeof to === 'number') moveBy(to, true);
      else go(to);
    };
    const onTouch = () => {
      now.byTouch = true;
    };
    const onPointer = (event: PointerEvent) => {
      now.byTouch = event.pointerType === 'touch';
    };
    const onEnd = () => {
      if (now.byTouch && !isExact(now.geometry)) placeBar(scroller, now);
    };
    scroller.addEventListener('scroll', onScroll, { passive: true });
    scroller.addEventListener('scrollend', onEnd);
    scroller.addEventListener('wheel', onWheel, { passive: false });
    scroller.addEventListener('keydown', onKey);
    scroller.addEventListener('touchstart', onTouch, { passive: true });
    scroller.addEventListener('pointerdown', onPointer, { passive: true });
    return () => {
      scroller.removeEventListener('scroll', onScroll);
      scroller.removeEventListener('scrollend', onEnd);
      scroller.removeEventListener('wheel', onWheel);
      scroller.removeEventListener('keydown', onKey);
      scroller.removeEventListener('touchstart', onTouch);
      scroller.removeEventListener('pointerdown', onPointer);
    };
  }, [scroller, now, go]);
}

/** Pixels to move by, or a place to go to. */
function keyTarget({ key, shiftKey }: KeyboardEvent, view: number): number | Anchor | undefined {
  const page = Math.max(rowHeight, view - 2 * rowHeight);
  if (key === 'Home') return { position: 0, y: 0 };
  if (key === 'End') return 'end';
  if (key === ' ') return shiftKey ? -page : page;
  return { ArrowDown: 2 * rowHeight, ArrowUp: -2 * rowHeight, PageDown: page, PageUp: -page }[key];
}

const count = ({ from, to }: { from: number; to: number }): Row[] =>
  Array.from({ length: to - from }, (_, at) => ({ position: from + at, top: at * rowHeight, height: rowHeight }));

const measure = (rows: HTMLElement): Row[] =>
  [...rows.children].map((row) => {
    const { offsetTop: top, offsetHeight: height, dataset } = row as HTMLElement;
    return { position: Number(dataset.position), top, height };
  });

function isInView(rows: HTMLElement | null, position: number, view: number): boolean {
  const row = rows?.querySelector(`[data-position="${position}"]`)?.getBoundingClientRect();
  const top = rows?.parentElement?.getBoundingClientRect().top;
  return row !== undefined && top !== undefined && row.top >= top && row.bottom <= top + view;
}

function useHeight(element: HTMLElement | null): number {
  const [height, setHeight] = useState(0);
  useEffect(() => {
    if (!element) return;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  return height;
}
