/**
 * What lies between a modal panel and the page. Not Radix's own overlay: that one locks scrolling by a style element,
 * which the page's policy forbids, and this page never scrolls as a whole.
 */
export function Backdrop() {
  return <div aria-hidden="true" className="fixed inset-0 z-30 animate-fade bg-black/30" />;
}
