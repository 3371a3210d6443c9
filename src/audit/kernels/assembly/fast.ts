export { add, div, maximum, minimum, mul, sub } from "./maps";
export { roundedNeighbours, transformNumbers } from "./neighbours";
export { products, roundedProducts, roundedWindows } from "./products";
export { roundedRows, takeUndecided } from "./round";
export { copyBox, extrema, takeLargest, widenBox } from "./boxes";

/** First address that is the caller's to use. */
export function base(): usize {
  return __heap_base;
}
