/** The providers of models whose keys stay with the server: where they are, and how agents find the gateway instead. */
import type { ModelAccess } from '#src/agents/gateway.ts';
import { noModelKey } from '#src/agents/session.ts';

export type Provider = 'anthropic' | 'openai' | 'google';

type Facts = {
  /** Sessions with the same one share what a model lets through. */
  credential: string;
  noKey: string;
  /** The variables by which its libraries find the model at this address, with this word for a key. */
  variables: (baseUrl: string, key: string) => Record<string, string>;
  /**
   * What agents may ask for, as method and path behind the address: models and their answers. Batches, files, fine-tuning and
   * administration cost what no budget sees, or belong to others with the same key.
   */
  serves: RegExp;
};

export const providers: Readonly<Record<Provider, Facts>> = {
  anthropic: {
    credential: 'claude',
    noKey: noModelKey,
    variables: (baseUrl, key) => ({ ANTHROPIC_BASE_URL: baseUrl, ANTHROPIC_API_KEY: key }),
    serves: /^(?:HEAD \/|POST \/v1\/messages(?:\/count_tokens)?$|GET \/v1\/models(?:\/[\w.:@-]+)?$)/,
  },
  openai: {
    credential: 'codex',
    noKey: 'No key for OpenAI is configured: set OPENAI_API_KEY for the server and restart it.',
    variables: (baseUrl, key) => ({ OPENAI_BASE_URL: baseUrl, OPENAI_API_KEY: key }),
    serves:
      /^(?:POST (?:\/v1)?\/(?:responses(?:\/compact|\/input_tokens)?|(?:chat\/)?completions|embeddings)|GET (?:\/v1)?\/models(?:\/[\w.:@-]+)?)$/,
  },
  google: {
    credential: 'gemini',
    noKey: 'No key for Gemini is configured: set GEMINI_API_KEY for the server and restart it.',
    variables: (baseUrl, key) => ({ GOOGLE_GEMINI_BASE_URL: baseUrl, GEMINI_API_KEY: key }),
    serves:
      /^(?:POST \/v1(?:alpha|beta)?\/models\/[\w.-]+:(?:(?:streamG|g)enerateContent|countTokens|(?:batchE|e)mbedContents?)|GET \/v1(?:alpha|beta)?\/models(?:\/[\w.-]+)?)$/,
  },
};

/** By the server's own variables; OPENAI_BASE_URL may name another place that speaks OpenAI's protocols. */
export function accessBy(provider: 'openai' | 'google', hostEnv: Readonly<Record<string, string>>): ModelAccess {
  if (provider === 'openai')
    return {
      baseUrl: hostEnv.OPENAI_BASE_URL || 'https://api.openai.com/v1',
      credential: hostEnv.OPENAI_API_KEY ? { kind: 'auth_token', secret: hostEnv.OPENAI_API_KEY } : null,
    };
  return {
    baseUrl: hostEnv.GOOGLE_GEMINI_BASE_URL || 'https://generativelanguage.googleapis.com',
    credential: hostEnv.GEMINI_API_KEY ? { kind: 'google_key', secret: hostEnv.GEMINI_API_KEY } : null,
  };
}
