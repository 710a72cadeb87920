/**
 * Well-known programs that speak the Agent Client Protocol, usable by name without being defined. Each brings its own login,
 * except where it can be told the model's address: there the key stays with Sentra. docs/agents.md says which were
 * run with Sentra; of the others commands and places are not verified.
 */
import type { AcpAgent } from '#src/agents/acp.ts';
import type { Login } from '#src/agents/login.ts';
import { type Provider, providers } from '#src/agents/provider.ts';

type Gateway = NonNullable<AcpAgent['gateway']>;

/** `withKey`: what stands over it where the server has a key of the provider, so that the key stays there. */
export type Preset = AcpAgent & {
  title: string;
  withKey?: Pick<AcpAgent, 'login'> & { gateway: Gateway };
};

type Facts = {
  title: string;
  command: readonly string[];
  env?: Record<string, string>;
  login?: Partial<Login & { method: string }>;
  hosts?: readonly string[];
  howToLogIn: string;
  withKey?: Preset['withKey'];
};

const preset = ({ login, ...facts }: Facts): Preset => ({
  env: {},
  ...facts,
  login: { variables: [], files: [], ...login },
});

/** Through the gateway by the usual variables of the provider's libraries. */
export const gatewayTo = (provider: Provider): Gateway => ({
  provider,
  variables: providers[provider].variables,
});

/** What is in the repository is no setting of ours, and nothing is fetched or shared behind our back. */
const openCodeVariables = {
  OPENCODE_DISABLE_PROJECT_CONFIG: '1',
  OPENCODE_DISABLE_AUTOUPDATE: '1',
  OPENCODE_DISABLE_SHARE: '1',
  OPENCODE_DISABLE_MODELS_FETCH: '1',
};

/** OpenCode reads no address of a model from a variable, but a whole configuration. */
const openCodeGateway = (baseUrl: string, apiKey: string): Record<string, string> => ({
  OPENCODE_CONFIG_CONTENT: JSON.stringify({
    provider: { anthropic: { options: { baseURL: `${baseUrl}/v1`, apiKey } } },
    enabled_providers: ['anthropic'],
  }),
});

/** The adapter reads no address from a variable, but a configuration of Codex. */
const codexGateway = (baseUrl: string, key: string): Record<string, string> => ({
  CODEX_CONFIG: JSON.stringify({
    model_provider: 'sentra',
    model_providers: {
      sentra: { name: 'Sentra', base_url: baseUrl, env_key: 'SENTRA_MODEL_KEY', wire_api: 'responses' },
    },
  }),
  MODEL_PROVIDER: 'sentra',
  SENTRA_MODEL_KEY: key,
});

export const presets: Readonly<Record<string, Preset>> = {
  'claude-acp': {
    ...preset({
      title: 'Claude Code by its ACP adapter',
      command: ['claude-agent-acp'],
      howToLogIn: 'Set ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN for the server.',
    }),
    env: { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', DISABLE_AUTOUPDATER: '1' },
    gateway: gatewayTo('anthropic'),
  },
  'codex-acp': preset({
    title: 'Codex by its ACP adapter',
    command: ['codex-acp'],
    login: {
      variables: ['CODEX_API_KEY', 'OPENAI_API_KEY'],
      files: ['~/.codex/auth.json', '~/.codex/config.toml'],
      method: 'api-key',
    },
    withKey: { gateway: { provider: 'openai', variables: codexGateway }, login: { variables: [], files: [] } },
    hosts: ['api.openai.com', 'chatgpt.com', 'auth.openai.com'],
    howToLogIn: 'Run `codex login` on this host, or set OPENAI_API_KEY for the server.',
  }),
  copilot: preset({
    title: 'GitHub Copilot CLI',
    command: ['copilot', '--acp', '--stdio'],
    login: { variables: ['COPILOT_GITHUB_TOKEN'], files: ['~/.copilot/config.json'] },
    hosts: ['api.github.com', '*.githubcopilot.com'],
    howToLogIn: 'Set COPILOT_GITHUB_TOKEN for the server, or run `copilot` on this host and log in.',
  }),
  cursor: preset({
    title: 'Cursor CLI',
    command: ['cursor-agent', 'acp'],
    login: { variables: ['CURSOR_API_KEY'], files: ['~/.config/cursor/auth.json'] },
    hosts: ['*.cursor.sh', '*.cursor.com'],
    howToLogIn: 'Set CURSOR_API_KEY for the server, or run `cursor-agent login` on this host.',
  }),
  gemini: preset({
    title: 'Gemini CLI',
    command: ['gemini', '--acp'],
    env: { GEMINI_CLI_NO_RELAUNCH: 'true' }, // a process that starts itself again would outlive its own death
    login: {
      variables: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
      files: ['~/.gemini/oauth_creds.json', '~/.gemini/settings.json', '~/.gemini/google_accounts.json'],
      method: 'gemini-api-key',
    },
    withKey: {
      gateway: gatewayTo('google'),
      login: { variables: ['GEMINI_MODEL'], files: [], method: 'gemini-api-key' },
    },
    hosts: ['generativelanguage.googleapis.com', 'cloudcode-pa.googleapis.com', 'oauth2.googleapis.com'],
    howToLogIn: 'Set GEMINI_API_KEY for the server, or run `gemini` on this host and log in.',
  }),
  goose: preset({
    title: 'Goose',
    command: ['goose', 'acp'],
    login: {
      variables: ['GOOSE_PROVIDER', 'GOOSE_MODEL', 'OPENAI_API_KEY', 'GOOGLE_API_KEY'],
      files: ['~/.config/goose/config.yaml', '~/.config/goose/secrets.yaml'],
    },
    hosts: ['api.openai.com', 'api.anthropic.com', 'generativelanguage.googleapis.com'],
    howToLogIn: 'Run `goose configure` on this host, with secrets kept in a file (GOOSE_DISABLE_KEYRING=1).',
  }),
  'opencode-claude': {
    ...preset({
      title: 'OpenCode on Claude, with the key of Sentra',
      command: ['opencode', 'acp'],
      howToLogIn: 'Set ANTHROPIC_API_KEY for the server.',
    }),
    env: openCodeVariables,
    gateway: { provider: 'anthropic', variables: openCodeGateway },
  },
  opencode: {
    ...preset({
      title: 'OpenCode',
      command: ['opencode', 'acp'],
      login: {
        variables: ['OPENAI_API_KEY', 'OPENROUTER_API_KEY'],
        files: ['~/.local/share/opencode/auth.json', '~/.config/opencode/opencode.json'],
      },
      hosts: ['opencode.ai', 'models.dev', 'api.anthropic.com', 'api.openai.com', 'openrouter.ai'],
      howToLogIn: 'Run `opencode auth login` on this host.',
    }),
    env: openCodeVariables,
  },
  qwen: preset({
    title: 'Qwen Code',
    // By default a model decides what may be done, at a price: here the wall and our policy do.
    command: ['qwen', '--acp', '--approval-mode', 'default'],
    env: { QWEN_CODE_NO_RELAUNCH: 'true' },
    login: {
      variables: ['OPENAI_API_KEY', 'OPENAI_BASE_URL', 'OPENAI_MODEL'],
      files: ['~/.qwen/oauth_creds.json', '~/.qwen/settings.json'],
    },
    withKey: { gateway: gatewayTo('openai'), login: { variables: ['OPENAI_MODEL'], files: [] } },
    hosts: ['chat.qwen.ai', 'portal.qwen.ai', 'api.openai.com'],
    howToLogIn: 'Run `qwen` on this host and log in, or set OPENAI_API_KEY for the server.',
  }),
};
