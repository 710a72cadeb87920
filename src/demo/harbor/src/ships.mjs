// Ships: what the harbor knows about a visitor.

/** @returns a ship; throws when the name is empty or the weight is not positive. */
export function createShip(name, tons) {
  if (name.trim() === '') throw new Error('a ship needs a name');
  if (!(tons > 0)) throw new Error(`${name} needs a weight above zero, not ${tons}`);
  return { name: name.trim(), tons, visits: 0 };
}

export const heaviest = (ships) => ships.toSorted((a, b) => b.tons - a.tons)[0];
