import { useCallback, useEffect, useState } from 'react';

const inputMs = 400;
const bottomPx = 40;

/**
 * Keeps a list at its end while lines arrive. Only a person's own scrolling changes that: upwards lets go, back to the end
 * takes hold again. The distance to the end says nothing by itself: fast streams outrun it.
 */
export function useFollow(initially: boolean) {
  const [follow, setFollow] = useState(initially);
  const [scroller, setScroller] = useState<HTMLElement | null>(null);
  const setScrollerElement = useCallback((element: HTMLElement | Window | null) => {
    if (!(element instanceof Window)) setScroller(element);
  }, []);
  useEffect(() => {
    const list = scroller?.querySelector('[data-testid="virtuoso-item-list"]');
    if (!scroller || !list || !follow) return;
    const observer = new ResizeObserver(() => scroller.scrollTo({ top: scroller.scrollHeight }));
    // The height of lines that are not rendered is padding of the list: its content box says nothing.
    observer.observe(list, { box: 'border-box' });
    observer.observe(scroller);
    return () => observer.disconnect();
  }, [scroller, follow]);
  useEffect(() => {
    if (!scroller) return;
    let top = scroller.scrollTop;
    let inputAt = Number.NEGATIVE_INFINITY;
    const onInput = () => {
      inputAt = performance.now();
    };
    const onScroll = () => {
      const up = scroller.scrollTop < top;
      top = scroller.scrollTop;
      if (performance.now() - inputAt > inputMs) return;
      if (up) setFollow(false);
      else if (scroller.scrollHeight - scroller.clientHeight - top < bottomPx) setFollow(true);
    };
    const inputs = ['wheel', 'touchmove', 'pointerdown', 'pointermove', 'keydown'] as const;
    for (const name of inputs) scroller.addEventListener(name, onInput, { passive: true });
    scroller.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      for (const name of inputs) scroller.removeEventListener(name, onInput);
      scroller.removeEventListener('scroll', onScroll);
    };
  }, [scroller]);
  return { follow, setFollow, scrollerRef: setScrollerElement };
}
