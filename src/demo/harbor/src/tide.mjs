// Tide: the height of the water in metres, with high water at 00:00 and every 12 hours.

const mean = 2;
const swing = 1.5;

export const heightAt = (hour) => mean + swing * Math.cos((hour / 12) * 2 * Math.PI);

/** The hours of the day with high water. */
export const highWaters = () => [0, 12, 24];
