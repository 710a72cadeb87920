/** A timestamp of the database as ISO 8601 in UTC. */
export const toIso = (timestamp: string): string => new Date(timestamp).toISOString();
export const toIsoOrNull = (timestamp: string | null): string | null => (timestamp === null ? null : toIso(timestamp));
/** Null for a time without end. */
export const toIsoOrForever = (timestamp: string): string | null =>
  timestamp === 'infinity' ? null : toIso(timestamp);
