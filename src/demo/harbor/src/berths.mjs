// Berths: which ship lies where. A berth is a number, counted from 1.

export const createHarbor = (berths) => ({ berths, ships: new Map() });

/** Gives the ship the lowest free berth; undefined when the harbor is full. */
export function moor(harbor, ship) {
  for (let berth = 1; berth <= harbor.berths; berth++) {
    if (harbor.ships.has(berth)) continue;
    harbor.ships.set(berth, ship);
    return berth;
  }
  return undefined;
}

export const leave = (harbor, berth) => harbor.ships.delete(berth);

export const isFull = (harbor) => harbor.ships.size >= harbor.berths;
