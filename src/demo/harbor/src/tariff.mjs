// Tariff: what a stay costs, in cents.

const centsPerTonHour = 4;

export function fee(ship, hours) {
  return Math.round(ship.tons * hours * centsPerTonHour);
}
