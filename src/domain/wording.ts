import type { z } from 'zod';

/** Zod's own words, but for what is not there at all: it would say `Invalid input: expected string, received undefined`. */
export const wording: z.core.$ZodErrorMap = ({ code, input, expected }) =>
  code === 'invalid_type' && input === undefined
    ? `is missing, ${article(String(expected))} ${expected} is needed`
    : undefined;

const article = (word: string): string => (/^[aeiou]/.test(word) ? 'an' : 'a');
