/** Whether GitHub can be reached with the token that there is, for `sentra doctor`. */
import { messageOf } from '#src/errors.ts';
import { connect } from '#src/forge/github-api.ts';
import { findPlace } from '#src/forge/place.ts';
import type { Tokens } from '#src/forge/token.ts';

/** `problem` is null when all is well, also without a token: not everybody has projects there. */
export async function reachGitHub(tokens: Tokens, host: string): Promise<{ problem: string | null; message: string }> {
  const token = await tokens.find(host);
  if (!token) return { problem: null, message: `no token for ${host}; projects whose remote is there need one` };
  try {
    const place = findPlace({ kind: 'github', labels: [], reviewers: [] }, `https://${host}/any/any`);
    if (place.kind === 'local') throw new Error(`${host} is no place for a token`);
    const { data } = await connect(place, token).request('GET /rate_limit');
    const { remaining, limit } = data.resources.core;
    return {
      problem: null,
      message: `${host} accepts the token; ${remaining} of ${limit} requests of this hour are left`,
    };
  } catch (e) {
    return { problem: messageOf(e), message: '' };
  }
}
