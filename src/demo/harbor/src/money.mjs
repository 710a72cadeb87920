// Money: cents as people read them.

export const formatCents = (cents) => `${(cents / 100).toFixed(2)} EUR`;
